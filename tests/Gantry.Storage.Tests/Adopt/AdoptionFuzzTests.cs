using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Storage.Adopt;
using Gantry.Storage.Tests.Bolt;
using Xunit;

namespace Gantry.Storage.Tests.Adopt;

/// <summary>
/// Damaged databases: what comes is a report or an error that says what is wrong, never anything else. The variable
/// <c>GANTRY_FUZZ_ROUNDS</c> asks for more rounds than the usual.
/// </summary>
public sealed class AdoptionFuzzTests : IDisposable
{
    private const int UsualRounds = 250;
    private const int PageSize = 4096;

    private readonly ContainerdRoot _root = new();

    private static int Rounds =>
        int.TryParse(Environment.GetEnvironmentVariable("GANTRY_FUZZ_ROUNDS"), CultureInfo.InvariantCulture, out int rounds)
            ? rounds
            : UsualRounds;

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_database_with_changed_bytes_gives_a_report_or_a_clear_error()
    {
        Fill();
        Random random = new(20_240_229);
        int refused = 0;
        foreach (string path in Databases())
        {
            byte[] whole = File.ReadAllBytes(path);
            for (int round = 0; round < Rounds; round++)
            {
                byte[] damaged = [.. whole];
                for (int change = random.Next(1, 8); change > 0; change--)
                {
                    damaged[Position(random, damaged.Length)] = Value(random);
                }

                File.WriteAllBytes(path, damaged);
                refused += Try() is null ? 1 : 0;
            }

            File.WriteAllBytes(path, whole);
        }

        Assert.InRange(refused, 1, int.MaxValue);
    }

    [Fact]
    public void A_truncated_database_gives_the_right_report_or_a_clear_error()
    {
        Fill();
        AdoptionReport expected = Adoption.Plan(_root.Options);
        Random random = new(7);
        foreach (string path in Databases())
        {
            byte[] whole = File.ReadAllBytes(path);
            for (int round = 0; round < Rounds / 4; round++)
            {
                File.WriteAllBytes(path, whole[..random.Next(whole.Length)]);
                if (Try() is { } report)
                {
                    Assert.Equal(expected.Namespaces, report.Namespaces);
                }
            }

            File.WriteAllBytes(path, whole);
        }
    }

    private static byte Value(Random random) => random.Next(3) switch
    {
        0 => 0,
        1 => 0xff,
        _ => (byte)random.Next(256),
    };

    /// <summary>A place in the file; every other one is where the structure of a page is.</summary>
    private static int Position(Random random, int length) => random.Next(2) == 0
        ? random.Next(length)
        : (random.Next(length / PageSize) * PageSize) + random.Next(96);

    private AdoptionReport? Try()
    {
        try
        {
            return Adoption.Plan(_root.Options);
        }
        catch (GantryException e)
        {
            Assert.NotEmpty(e.Message);
            return null;
        }
    }

    private string[] Databases() =>
        [_root.MetaPath, Path.Combine(_root.SnapshotterRoot("overlayfs"), "metadata.db")];

    private void Fill()
    {
        foreach (string ns in new[] { "one", "two" })
        {
            Digest last = default;
            for (int i = 0; i < 25; i++)
            {
                last = _root.AddBlob(ns, $"{ns} {i}", ("containerd.io/gc.ref.content", last.ToString()), ("n", $"{i}"));
                _root.AddContainer(ns, $"c{i}", ContainerdRoot.Any("t", new byte[i * 200]), "overlayfs", $"s{i}");
            }

            _root.AddImage(ns, "image", last);
            _root.AddSnapshot(ns, "overlayfs", "s0", "", ns == "one" ? 1000 : 2000, 3);
            for (int i = 1; i < 25; i++)
            {
                _root.AddSnapshot(ns, "overlayfs", $"s{i}", $"s{i - 1}", (ns == "one" ? 1000 : 2000) + i, 3);
            }

            BoltTree lease = ContainerdRoot.Stamped(_root.Namespace(ns).Under("leases", "lease"));
            lease.Under("content").Set(last.ToString(), []);
            BoltTree sandbox = ContainerdRoot.Stamped(_root.Namespace(ns).Under("sandboxes", "box"));
            sandbox.Set("spec", ContainerdRoot.Any("t", new byte[300])).Under("runtime").Set("name", "io.containerd.runc.v2");
        }

        _root.Save();
    }
}
