using System.Diagnostics;
using System.Globalization;
using Gantry.Durability.Tests.Load;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Crash;

/// <summary>
/// Kills the daemon under load, again and again. <c>GANTRY_CRASH_KILLS</c> says how often (6), <c>GANTRY_CRASH_SEED</c>
/// repeats a run as far as chance goes: which call is under way at a kill is the scheduler's.
/// </summary>
public sealed class CrashTests
{
    [Fact]
    public async Task A_daemon_that_is_killed_under_load_has_all_that_it_acknowledged_and_nothing_by_halves()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        int kills = Settings.Number("GANTRY_CRASH_KILLS", 6);
        int seed = Settings.Number("GANTRY_CRASH_SEED", Random.Shared.Next(1_000_000));
        Random random = new(seed);
        Needs.Root();
        await using RegistryServer registry = await RegistryServer.StartAsync(cancellationToken: token);
        using TempDirectory directory = new();
        IReadOnlyList<string> images = await Puller.PushImagesAsync(registry, directory["layout"], token);
        await using GantryDaemon daemon = await GantryDaemon.StartNewAsync();
        using MixedLoad load = new(daemon.Root, daemon.Address, images, seed);

        long started = Stopwatch.GetTimestamp();
        int open = 0;
        for (int kill = 1; kill <= kills; kill++)
        {
            load.Start();
            await load.WaitAsync(random.Next(1, 250), TimeSpan.FromMilliseconds(random.Next(1, 40)), token);
            await daemon.KillAsync();
            await load.EndAsync();
            IReadOnlyList<JournalView> views = load.View();
            open += views.Sum(view => view.Pending.Count);
            await daemon.StartAsync(token);
            await load.VerifyAsync(daemon, views, settle: true, $"seed {seed}, kill {kill}");
            Settings.Report(string.Create(
                CultureInfo.InvariantCulture,
                $"kill {kill}: {load.Acknowledged} operations acknowledged, {load.Pulls} pulls and removals, "
                + $"{open} were open at a kill"));
        }

        Settings.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {kills} kills in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s, "
            + $"{load.Acknowledged} operations acknowledged, {open} open at a kill, none lost, none half done"));
    }
}
