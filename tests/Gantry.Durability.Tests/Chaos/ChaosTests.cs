using System.Diagnostics;
using System.Globalization;
using Gantry.Client.Tasks;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Chaos;

/// <summary>
/// Kills the daemon, shims, OCI runtimes and first processes of containers, at random moments of what they do.
/// <c>GANTRY_CHAOS_ROUNDS</c> says how often (20), <c>GANTRY_CHAOS_SEED</c> repeats a run as far as chance goes.
/// </summary>
public sealed class ChaosTests
{
    private const string Bystander = "bystander";

    [Fact]
    public async Task Whatever_is_killed_nothing_is_left_and_each_exit_is_told_once()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        int rounds = Settings.Number("GANTRY_CHAOS_ROUNDS", 20);
        int first = Settings.Number("GANTRY_CHAOS_FIRST", 1);
        int seed = Settings.Number("GANTRY_CHAOS_SEED", Random.Shared.Next(1_000_000));
        Needs.Root();
        await using Arena arena = await Arena.OpenAsync("", token);
        uint pid = await arena.UpAsync(Bystander, hog: false, token);

        long started = Stopwatch.GetTimestamp();
        for (int number = first; number < first + rounds; number++)
        {
            ChaosRound round = new(arena, number, new Random(HashCode(seed, number)));
            try
            {
                await round.RunAsync(Bystander, token);
                ProcessState state = await arena.Scope.Tasks.GetAsync(Bystander, cancellationToken: token);
                Assert.Equal((ProcessStatus.Running, pid), (state.Status, state.ProcessId));
            }
            catch (Exception e) when (e is not OperationCanceledException || !token.IsCancellationRequested)
            {
                Assert.Fail($"seed {seed}, round {round}: {e.Message}\n{e.StackTrace}\n{arena.Daemon.Tail()}");
            }

            Settings.Report(string.Create(CultureInfo.InvariantCulture, $"round {round}"));
        }

        await arena.DownAsync(Bystander, token);
        Assert.Empty(await arena.LeftoversAsync(""));
        Settings.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {rounds} rounds in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s, nothing left, "
            + $"each exit told once"));
    }

    // Each round's own chance, so that one can be repeated without those before it.
    private static int HashCode(int seed, int number) => unchecked((seed * 486_187_739) + (number * 16_777_619));
}
