using System.Diagnostics;
using Gantry.Oci.Image;
using Gantry.Storage.Adopt;
using Xunit;

namespace Gantry.Storage.Tests.Adopt;

/// <summary>A large root. It is filled for minutes, so it runs only when asked for: <c>-explicit only</c>.</summary>
public sealed class AdoptionScaleTests(ITestOutputHelper output) : IDisposable
{
    private const int Blobs = 100_000;
    private const int Snapshots = 20_000;
    private const int Containers = 10_000;
    private const int Depth = 20;

    private readonly ContainerdRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Fact(Explicit = true)]
    public void A_large_root_is_taken_over()
    {
        Digest last = default;
        for (int i = 0; i < Blobs; i++)
        {
            last = _root.AddBlob("ns", $"blob {i}", ("containerd.io/gc.ref.content", last.ToString()));
        }

        for (int i = 0; i < Snapshots; i++)
        {
            _root.AddSnapshot("ns", "overlayfs", $"s{i}", i % Depth == 0 ? "" : $"s{i - 1}", i + 1, 3);
        }

        for (int i = 0; i < Containers; i++)
        {
            _root.AddContainer("ns", $"c{i}", ContainerdRoot.Any("t", new byte[5000]), "overlayfs", $"s{i}");
        }

        _root.Save();
        AdoptionOptions options = _root.Options;
        _root.Forget();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        long started = Stopwatch.GetTimestamp();
        AdoptionReport report;

        // What lives is known only after a collection.
        using (Timer timer = new(_ => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before)))
        {
            timer.Change(TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
            report = Adoption.Run(options, TimeProvider.System);
        }

        output.WriteLine(
            $"{Blobs} blobs, {Snapshots} snapshots, {Containers} containers, {new FileInfo(_root.MetaPath).Length >> 20} MiB: "
            + $"{Stopwatch.GetElapsedTime(started)}, {most >> 20} MiB of memory");
        Assert.Equal(
            (Blobs, Snapshots, Containers),
            (report.Namespaces[0].Blobs, report.Namespaces[0].Snapshots, report.Namespaces[0].Containers));
    }
}
