using Gantry.Client.Tasks;
using Gantry.Core.Errors;
using Gantry.Durability.Tests.Chaos;
using Gantry.Testing;
using Xunit;

namespace Gantry.Durability.Tests.Supervision;

/// <summary>A daemon goes on where the one before it was killed, and lets what runs run.</summary>
public sealed class ResumptionTests
{
    private const int Containers = 20;

    [Fact]
    public async Task What_a_daemon_was_about_to_do_when_it_died_is_resumed_or_undone_by_the_next()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Needs.Root();
        await using Arena arena = await Arena.OpenAsync("", token);
        TaskClient tasks = arena.Scope.Tasks;
        foreach (string id in (string[])["made", "starting"])
        {
            await arena.MakeRecordAsync(id, hog: false, token);
            await tasks.CreateAsync(id, arena.RootfsOf(id), ProcessStreams.None, cancellationToken: token);
        }

        await arena.UpAsync("killing", hog: false, token);
        uint live = await arena.UpAsync("deleting-live", hog: false, token);
        await arena.UpAsync("deleting", hog: false, token);
        await tasks.KillAsync("deleting", 9, cancellationToken: token);
        await tasks.WaitAsync("deleting", cancellationToken: token);

        // Until the exit is kept with the task, the next daemon tells it too.
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(20));
        while (!File.Exists(Path.Combine(arena.BundleOf("deleting"), "exit")))
        {
            await look.WaitForNextTickAsync(token);
        }

        await arena.Daemon.KillAsync();
        foreach ((string id, string intent) in new[]
        {
            ("made", "create"), ("starting", "start"), ("killing", "kill"), ("deleting", "delete"), ("deleting-live", "delete"),
        })
        {
            await File.WriteAllBytesAsync(Path.Combine(arena.BundleOf(id), "intent." + intent), [], token);
        }

        await arena.StartAgainAsync(token);
        tasks = arena.Scope.Tasks;

        await arena.SeeAsync("made", null, token);
        await arena.SeeAsync("starting", ProcessStatus.Running, token);
        await arena.SeeAsync("killing", ProcessStatus.Stopped, token);
        await arena.SeeAsync("deleting", null, token);
        Assert.Equal(live, (await arena.SeeAsync("deleting-live", ProcessStatus.Running, token))!.ProcessId);
        GantryException gone = await Assert.ThrowsAsync<GantryException>(() => tasks.DeleteAsync("deleting", token));
        Assert.Equal(ErrorKind.NotFound, gone.Kind);
        await arena.DownAsync("starting", token);
        await tasks.DeleteAsync("killing", token);
        await arena.DownAsync("deleting-live", token);
        Assert.Empty(await arena.LeftoversAsync(""));
        foreach (string id in (string[])["starting", "killing", "deleting", "deleting-live"])
        {
            Assert.True(arena.ExitsTold(id) == 1, $"exits of {id}: {arena.ExitsTold(id)}\n{arena.Daemon.Log}");
        }
    }

    [Fact]
    public async Task A_daemon_that_is_told_to_stop_interrupts_no_container_and_the_next_adopts_them_all()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Needs.Root();
        await using Arena arena = await Arena.OpenAsync("", token);
        Dictionary<string, uint> pids = new(StringComparer.Ordinal);
        for (int i = 0; i < Containers; i++)
        {
            pids[$"c{i}"] = await arena.UpAsync($"c{i}", hog: false, token);
        }

        Assert.Equal(0, await arena.Daemon.StopAsync());
        Assert.All(pids.Values, pid => Assert.True(Prey.IsAlive(pid)));
        await arena.StartAgainAsync(token);

        IReadOnlyList<ProcessState> states = await arena.Scope.Tasks.ListAsync(token);
        Assert.Equal(Containers, states.Count);
        Assert.All(states, state => Assert.Equal(
            (ProcessStatus.Running, pids[state.ContainerId]), (state.Status, state.ProcessId)));
        Assert.Contains($"tasks found at start: {Containers} adopted, 0 silent, 0 removed", arena.Daemon.Log, StringComparison.Ordinal);
        await Task.WhenAll(pids.Keys.Select(id => arena.DownAsync(id, token)));
        Assert.Empty(await arena.LeftoversAsync(""));
    }

    [Fact]
    public async Task What_tasks_have_left_on_the_machine_is_removed_at_start_and_what_lives_is_not()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Needs.Root();
        await using Arena arena = await Arena.OpenAsync("", token);
        uint pid = await arena.UpAsync("live", hog: false, token);
        await arena.MakeRecordAsync("gone", hog: false, token);
        await arena.Daemon.KillAsync();
        string[] planted =
        [
            Path.Combine(arena.Daemon.Home, "runc", arena.Namespace.ToString(), "gone"),
            Path.Combine(arena.Daemon.Root, "io.containerd.runtime.v2.task", arena.Namespace.ToString(), "gone"),
            arena.BundleOf("gone"),
            Path.Combine("/sys/fs/cgroup/memory", arena.Namespace.ToString(), "gone"),
        ];
        foreach (string directory in planted.Where(path => Directory.Exists("/sys/fs/cgroup/memory") || !path.StartsWith("/sys", StringComparison.Ordinal)))
        {
            Directory.CreateDirectory(directory);
        }

        await arena.StartAgainAsync(token);

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (planted.Any(Directory.Exists))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }

        Assert.Equal(pid, (await arena.SeeAsync("live", ProcessStatus.Running, token))!.ProcessId);
        await arena.DownAsync("live", token);
        Assert.Empty(await arena.LeftoversAsync(""));
    }
}
