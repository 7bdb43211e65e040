using System.Diagnostics;
using System.Globalization;
using Gantry.Client.Tasks;
using Gantry.Durability.Tests.Chaos;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Supervision;

/// <summary>What is listed of a container is the truth, whatever happens to it.</summary>
public sealed class HealthTests
{
    private const int SIGCONT = 18;
    private const int SIGSTOP = 19;

    [Fact]
    public async Task What_is_listed_of_a_container_is_what_it_does()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Needs.Root();
        await using Arena arena = await Arena.OpenAsync("", token);

        await arena.UpAsync("paused", hog: false, token);
        await arena.Scope.Tasks.PauseAsync("paused", token);
        await SeeAsync(arena, "paused", ProcessStatus.Paused);
        await arena.Scope.Tasks.ResumeAsync("paused", token);
        await SeeAsync(arena, "paused", ProcessStatus.Running);
        await arena.DownAsync("paused", token);

        uint killed = await arena.UpAsync("killed", hog: false, token);
        Prey.Kill((int)killed);
        Assert.Equal(137u, (await SeeAsync(arena, "killed", ProcessStatus.Stopped))!.ExitStatus);
        await arena.Scope.Tasks.DeleteAsync("killed", token);

        await arena.UpAsync("hog", hog: true, token);
        Assert.Equal(137u, (await SeeAsync(arena, "hog", ProcessStatus.Stopped))!.ExitStatus);
        await arena.Scope.Tasks.DeleteAsync("hog", token);

        uint orphan = await arena.UpAsync("orphan", hog: false, token);
        Prey.Kill(Prey.Shim(arena.Daemon.Home, "orphan")!.Value);
        await SeeAsync(arena, "orphan", null);
        Assert.False(Prey.IsAlive(orphan));

        await arena.UpAsync("silent", hog: false, token);
        int shim = Prey.Shim(arena.Daemon.Home, "silent")!.Value;
        Prey.Signal(shim, SIGSTOP);
        await SeeAsync(arena, "silent", ProcessStatus.Unknown);
        Prey.Signal(shim, SIGCONT);
        await SeeAsync(arena, "silent", ProcessStatus.Running);
        await arena.DownAsync("silent", token);
        Assert.Empty(await arena.LeftoversAsync(""));
    }

    [Fact]
    public async Task What_is_listed_is_the_truth_when_the_daemon_comes_back()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Needs.Root();
        await using Arena arena = await Arena.OpenAsync("", token);
        uint running = await arena.UpAsync("running", hog: false, token);
        uint killed = await arena.UpAsync("killed", hog: false, token);
        uint orphan = await arena.UpAsync("orphan", hog: false, token);

        await arena.Daemon.KillAsync();
        Prey.Kill((int)killed);
        Prey.Kill(Prey.Shim(arena.Daemon.Home, "orphan")!.Value);
        await arena.StartAgainAsync(token);

        Assert.Equal(running, (await SeeAsync(arena, "running", ProcessStatus.Running))!.ProcessId);
        Assert.Equal(137u, (await SeeAsync(arena, "killed", ProcessStatus.Stopped))!.ExitStatus);
        await SeeAsync(arena, "orphan", null);
        Assert.False(Prey.IsAlive(orphan));
        await arena.DownAsync("running", token);
        await arena.Scope.Tasks.DeleteAsync("killed", token);
        Assert.Empty(await arena.LeftoversAsync(""));
    }

    private static async Task<ProcessState?> SeeAsync(Arena arena, string id, ProcessStatus? wanted)
    {
        long started = Stopwatch.GetTimestamp();
        ProcessState? state = await arena.SeeAsync(id, wanted, TestContext.Current.CancellationToken);
        Settings.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"{id} is listed as {wanted?.ToString() ?? "gone"} after {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms"));
        return state;
    }
}
