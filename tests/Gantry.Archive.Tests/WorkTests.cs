using System.Globalization;
using Gantry.Archive.Apply;
using Gantry.Archive.Compression;
using Gantry.Archive.Diff;
using Gantry.Linux.Mounts;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests;

/// <summary>
/// No step of applying and comparing layers grows faster than the layer: what is counted is bytes allocated and calls of
/// read(2) and write(2), which come with every list, path and directory that is gone through, and never time.
/// </summary>
[Collection(Alone)]
public sealed class WorkTests(ITestOutputHelper output) : IDisposable
{
    private const string Alone = "work is counted";
    private const int Few = 12_500;
    private const int Many = 100_000;

    /// <summary>How much more there may be for each entry of the larger layer: tables grow by doubling.</summary>
    private const double Slack = 1.5;

    private readonly TempDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        MountCalls.UnmountAll(_directory.Path, UnmountFlags.UMOUNT_NOFOLLOW);
        _directory.Dispose();
    }

    [Fact]
    public async Task The_work_for_an_entry_is_the_same_in_a_layer_of_100_000()
    {
        Needs.Root();
        MountCalls.Mount("tmpfs", "tmpfs", _directory.Path, ["size=2g"]);

        // What is made once for the program is not to be counted.
        await RunAsync("warm", 100);
        Dictionary<string, Work> few = await RunAsync("few", Few);
        Dictionary<string, Work> many = await RunAsync("many", Many);

        foreach ((string step, Work work) in many)
        {
            double bytes = (double)work.Bytes / few[step].Bytes * Few / Many;
            double calls = (double)work.Calls / few[step].Calls * Few / Many;
            output.WriteLine(
                $"{step}: {work.Bytes / Many} bytes and {(double)work.Calls / Many:0.00} calls an entry, "
                + $"{bytes:0.00} and {calls:0.00} times those of the small layer");
            Assert.InRange(bytes, 0, Slack);
            Assert.InRange(calls, 0, Slack);
        }
    }

    private async Task<Dictionary<string, Work>> RunAsync(string name, int entries)
    {
        byte[] layer = Layer(entries);
        string root = _directory[name];
        Directory.CreateDirectory(root);
        Dictionary<string, Work> work = [];

        work["apply"] = await CountAsync(async () =>
        {
            ApplyResult result = await LayerApplier.ApplyAsync(
                new MemoryStream(layer), LayerMediaTypes.Tar, root, new ApplyOptions { OverlayMode = true }, Token);
            Assert.Equal(entries, result.Entries);
        });
        work["apply again"] = await CountAsync(() => LayerApplier.ApplyAsync(
            new MemoryStream(layer), LayerMediaTypes.Tar, root, new ApplyOptions { OverlayMode = true }, Token));
        work["diff"] = await CountAsync(async () => Assert.Equal(
            entries, await LayerDiffer.WriteChangesAsync(null, root, Stream.Null, new TarDiffOptions(), Token)));
        work["compare"] = await CountAsync(async () => Assert.Equal(
            0, await LayerDiffer.WriteChangesAsync(root, root, Stream.Null, new TarDiffOptions(), Token)));
        return work;
    }

    private static async Task<Work> CountAsync(Func<Task> step)
    {
        Work before = Work.Now();
        await step();
        Work after = Work.Now();
        return new Work(after.Bytes - before.Bytes, after.Calls - before.Calls);
    }

    /// <summary>Half of the entries in one directory, a quarter in deep ones, the rest hard links to one file.</summary>
    private static byte[] Layer(int entries)
    {
        TarBuilder tar = new TarBuilder().Directory("wide/").Directory("deep/").File("wide/first", "x");
        int made = 3;
        for (int i = 0; made < entries / 2; i++, made++)
        {
            tar.File($"wide/{Name(i)}", "x");
        }

        for (int i = 0; made < entries * 3 / 4; i++)
        {
            string directory = $"deep/{Name(i)}/";
            tar.Directory(directory);
            made++;
            for (int j = 0; j < 9 && made < entries * 3 / 4; j++, made++)
            {
                tar.File(directory + Name(j), "y");
            }
        }

        for (int i = 0; made < entries; i++, made++)
        {
            tar.HardLink($"wide/link-{Name(i)}", i % 30_000 == 0 ? "wide/first" : $"wide/{Name(i)}");
        }

        return tar.Build();
    }

    private static string Name(int number) => number.ToString("D6", CultureInfo.InvariantCulture);

    /// <summary>What a program has done.</summary>
    private readonly record struct Work(long Bytes, long Calls)
    {
        public static Work Now() => new(
            GC.GetTotalAllocatedBytes(precise: true),
            File.ReadLines("/proc/self/io")
                .Where(line => line.StartsWith("syscr:", StringComparison.Ordinal)
                    || line.StartsWith("syscw:", StringComparison.Ordinal))
                .Sum(line => long.Parse(line.AsSpan(7), NumberStyles.None, CultureInfo.InvariantCulture)));
    }

    /// <summary>What else the process does would be counted too.</summary>
    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class AloneCollection;
}
