using System.Diagnostics;
using System.Globalization;
using CliWrap;
using CliWrap.Buffered;
using Gantry.Durability.Tests.Load;
using Gantry.Linux.Processes;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.PowerCut;

/// <summary>
/// Cuts the power, in effect: the daemon's root is an ext4 filesystem in a file that lies on btrfs, and a cut is a clone
/// (FICLONE) of that file at a random moment. The clone has what ext4 had sent to its device by then and nothing of what
/// was only in the page cache, which the mount options and nobody's sync keep there. It is mounted, so that ext4 replays
/// its journal, and a daemon is started on it. <c>GANTRY_POWER_CUTS</c> says how many cuts (2).
/// </summary>
public sealed class PowerCutTests
{
    private const int SIGSTOP = 19;
    private const int SIGCONT = 18;
    private const long DiskSize = 3L << 30;
    private const long VolumeSize = 1L << 30;

    [Fact]
    public async Task A_daemon_whose_power_is_cut_has_all_that_it_acknowledged_and_nothing_by_halves()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        int cuts = Settings.Number("GANTRY_POWER_CUTS", 2);
        int seed = Settings.Number("GANTRY_CRASH_SEED", Random.Shared.Next(1_000_000));
        Random random = new(seed);
        Needs.Root();
        using TempDirectory directory = new();
        await using RegistryServer registry = await RegistryServer.StartAsync(cancellationToken: token);
        IReadOnlyList<string> images = await Puller.PushImagesAsync(registry, directory["layout"], token);
        await using LoopDisk disk =
            await LoopDisk.MakeAsync("btrfs", DiskSize, directory["disk"], directory["d"]);
        await using GantryDaemon daemon = new();
        string volume = Path.Combine(disk.MountPoint, "volume");
        await using LoopDisk root =
            await LoopDisk.MakeAsync("ext4", VolumeSize, volume, daemon.Root, "commit=300");
        await daemon.StartAsync(token);
        using MixedLoad load = new(daemon.Root, daemon.Address, images, seed);

        long started = Stopwatch.GetTimestamp();
        int open = 0;
        load.Start();
        for (int cut = 1; cut <= cuts; cut++)
        {
            await load.WaitAsync(random.Next(50, 400), TimeSpan.FromMilliseconds(random.Next(1, 100)), token);
            string copy = Path.Combine(disk.MountPoint, $"cut{cut}");

            // Every second cut is made when nothing has synced the whole filesystem for a while.
            bool quiet = cut % 2 == 1;
            if (quiet)
            {
                await load.BeQuietAsync(random.Next(50, 200), token);
            }

            IReadOnlyList<JournalView> views = await CutAsync(daemon, load, volume, copy, token);
            if (quiet)
            {
                load.BeLoud();
            }

            open += views.Sum(view => view.Pending.Count);
            await VerifyAsync(load, views, copy, $"seed {seed}, cut {cut}", token);
            File.Delete(copy);
            Settings.Report(string.Create(
                CultureInfo.InvariantCulture,
                $"cut {cut}: {load.Acknowledged} operations acknowledged, {open} were open at a cut"));
        }

        await load.EndAsync();
        await daemon.StopAsync();
        Settings.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {cuts} cuts in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s, "
            + $"{load.Acknowledged} operations acknowledged, {open} open at a cut, none lost, none half done"));
    }

    /// <summary>Stops the daemon for an instant, notes what was acknowledged, and clones the volume.</summary>
    private static async Task<IReadOnlyList<JournalView>> CutAsync(
        GantryDaemon daemon,
        MixedLoad load,
        string volume,
        string copy,
        CancellationToken cancellationToken)
    {
        Signals.Send(daemon.ProcessId, SIGSTOP);
        try
        {
            while (!IsStopped(daemon.ProcessId))
            {
                await Task.Yield();
            }

            IReadOnlyList<JournalView> views = load.View();
            await Cli.Wrap(Needs.Program("cp"))
                .WithArguments(["--reflink=always", volume, copy])
                .ExecuteBufferedAsync(cancellationToken);
            return views;
        }
        finally
        {
            Signals.Send(daemon.ProcessId, SIGCONT);
        }
    }

    private static bool IsStopped(int pid)
    {
        string stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[stat.LastIndexOf(')') + 2] == 'T';
    }

    private static async Task VerifyAsync(
        MixedLoad load,
        IReadOnlyList<JournalView> views,
        string copy,
        string where,
        CancellationToken cancellationToken)
    {
        await using GantryDaemon after = new();
        await using LoopDisk root = await LoopDisk.MountAsync(copy, after.Root);
        await after.StartAsync(cancellationToken);
        await load.VerifyAsync(after, views, settle: false, where);
        await after.StopAsync();
    }
}
