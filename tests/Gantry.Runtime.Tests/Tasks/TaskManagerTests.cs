using System.Globalization;
using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Linux.Processes;
using Gantry.Runtime.Tasks;
using Xunit;

namespace Gantry.Runtime.Tests.Tasks;

/// <summary>Tasks with real shims and a real OCI runtime.</summary>
public sealed class TaskManagerTests
{
    public static TheoryData<string> Shims => ShimsUnderTest.All;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task A_task_is_made_runs_exits_and_is_deleted_and_each_is_told_once_in_that_order(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));

        uint pid = await host.UpAsync("c1", "sh", "-c", "exit 42");
        string socket = host.SocketPath("c1");
        ProcessExit exit = await host.WaitAsync("c1");
        ProcessExit deleted = await host.DeleteAsync("c1");
        await host.SeenAsync("c1", "/tasks/delete");

        Assert.Equal(42u, exit.Status);
        Assert.Equal((pid, 42u), (deleted.Pid, deleted.Status));
        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"], host.Topics("c1"));
        Assert.Empty(await host.LeftoversAsync());
        Assert.False(File.Exists(socket));
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task An_exec_runs_beside_the_first_process_and_has_its_own_exit_code(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        await host.UpAsync("c1", "sleep", "1000");
        TypedBytes spec = new(
            "types.containerd.io/x", System.Text.Encoding.UTF8.GetBytes(Specs.Process("sh", "-c", "exit 7")));

        await host.Tasks.ExecAsync(host.Namespace, "c1", new ExecCreation("e1", spec, TaskIo.None), Token);
        uint pid = await host.Tasks.StartAsync(host.Namespace, "c1", "e1", Token);
        ProcessExit exit = await host.Tasks.WaitAsync(host.Namespace, "c1", "e1", Token);
        ProcessExit deleted = await host.Tasks.DeleteProcessAsync(host.Namespace, "c1", "e1", Token);
        await host.SeenAsync("c1", "/tasks/exit");

        Assert.Equal(7u, exit.Status);
        Assert.Equal((pid, 7u), (deleted.Pid, deleted.Status));
        Assert.Equal(ProcessStatus.Running, (await host.Tasks.GetAsync(host.Namespace, "c1", "", Token)).Status);
        Assert.Equal(
            ["/tasks/create", "/tasks/start", "/tasks/exec-added", "/tasks/exec-started", "/tasks/exit"],
            host.Topics("c1"));
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task A_task_is_paused_resumed_measured_and_its_processes_listed(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        uint pid = await host.UpAsync("c1", "sleep", "1000");

        await host.Tasks.PauseAsync(host.Namespace, "c1", Token);
        ProcessState paused = await host.Tasks.GetAsync(host.Namespace, "c1", "", Token);
        await host.Tasks.ResumeAsync(host.Namespace, "c1", Token);
        ProcessState resumed = Assert.Single(await host.Tasks.ListAsync(host.Namespace, Token));
        TaskProcessInfo process = Assert.Single(await host.Tasks.ListPidsAsync(host.Namespace, "c1", Token));
        TaskMetric metric = Assert.Single(
            await host.Tasks.MetricsAsync(host.Namespace, Core.Filters.Filter.Always, Token));

        Assert.Equal(ProcessStatus.Paused, paused.Status);
        Assert.Equal(ProcessStatus.Running, resumed.Status);
        Assert.Equal(pid, process.Pid);
        Assert.Equal("c1", metric.Id);
        Assert.StartsWith("io.containerd.cgroups.v", metric.Data.TypeUrl, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task What_a_task_uses_is_told_though_its_shim_hangs(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        uint pid = await host.UpAsync("c1", "sleep", "1000");
        int parent = int.Parse(
            File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("PPid:", StringComparison.Ordinal))[5..]);

        Gantry.Linux.Processes.Signals.Send(parent, Gantry.Linux.Processes.Signals.SIGSTOP);
        IReadOnlyList<TaskMetric> metrics =
            await host.Tasks.MetricsAsync(host.Namespace, Core.Filters.Filter.Always, Token);
        Gantry.Linux.Processes.Signals.Send(parent, Gantry.Linux.Processes.Signals.SIGCONT);

        TaskMetric metric = Assert.Single(metrics);
        Assert.NotEqual(0, metric.Data.Value.Length);
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task A_second_task_of_the_same_id_is_refused_and_the_first_goes_on(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        await host.UpAsync("c1", "sleep", "1000");

        GantryException failure = await Assert.ThrowsAsync<GantryException>(() => host.CreateAsync("c1", "true"));

        Assert.Equal((ErrorKind.AlreadyExists, "task c1: already exists"), (failure.Kind, failure.Message));
        Assert.Equal(ProcessStatus.Running, (await host.Tasks.GetAsync(host.Namespace, "c1", "", Token)).Status);
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task A_task_that_can_not_be_made_leaves_nothing_and_its_id_is_free(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));

        GantryException failure =
            await Assert.ThrowsAsync<GantryException>(() => host.CreateAsync("c1", "no-such-program"));

        Assert.StartsWith("failed to create shim task: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("no-such-program", failure.Message, StringComparison.Ordinal);
        Assert.Empty(await host.LeftoversAsync());
        await host.UpAsync("c1", "true");
        Assert.Equal(0u, (await host.WaitAsync("c1")).Status);
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task A_running_task_is_not_deleted_and_a_deleted_one_is_not_found(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        await host.UpAsync("c1", "sleep", "1000");

        GantryException running = await Assert.ThrowsAsync<GantryException>(() => host.DeleteAsync("c1"));
        await host.KillAsync("c1");
        ProcessExit exit = await host.WaitAsync("c1");
        await host.DeleteAsync("c1");
        GantryException gone = await Assert.ThrowsAsync<GantryException>(() => host.DeleteAsync("c1"));

        Assert.StartsWith("failed to delete task: ", running.Message, StringComparison.Ordinal);
        Assert.Equal(137u, exit.Status);
        Assert.Equal((ErrorKind.NotFound, "task c1 not found"), (gone.Kind, gone.Message));
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task When_a_shim_is_killed_its_task_ends_and_is_told_once_and_nothing_is_left(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        uint pid = await host.UpAsync("c1", "sleep", "1000");
        await host.SeenAsync("c1", "/tasks/start");
        Task<ProcessExit> waiting = host.WaitAsync("c1");
        string socket = host.SocketPath("c1");

        Signals.Send(host.ShimPid("c1"), Signals.SIGKILL);
        EventEnvelope deleted = await host.SeenAsync("c1", "/tasks/delete");

        Assert.True(TypeUrl.TryUnpack(deleted.Event, out TaskDelete? deletion));
        Assert.Equal((pid, 137u), (deletion.Pid, deletion.ExitStatus));
        Assert.Equal(137u, (await waiting).Status);
        Assert.False(File.Exists(socket));
        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"], host.Topics("c1"));
        Assert.Empty(await host.LeftoversAsync());
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task When_a_shim_is_killed_after_its_task_exited_the_told_exit_stands(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        await host.UpAsync("c1", "sh", "-c", "exit 3");
        await host.SeenAsync("c1", "/tasks/exit");

        Signals.Send(host.ShimPid("c1"), Signals.SIGKILL);
        EventEnvelope deleted = await host.SeenAsync("c1", "/tasks/delete");

        Assert.True(TypeUrl.TryUnpack(deleted.Event, out TaskDelete? deletion));
        Assert.Equal(3u, deletion.ExitStatus);
        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"], host.Topics("c1"));
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task A_task_outlives_its_daemon_and_the_next_one_adopts_it(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        uint pid = await host.UpAsync("c1", "sleep", "1000");
        await host.SeenAsync("c1", "/tasks/start");

        await host.DieAsync();
        bool lived = Signals.Exists((int)pid);
        await host.RunAsync();
        ProcessState state = await host.Tasks.GetAsync(host.Namespace, "c1", "", Token);
        await host.KillAsync("c1");
        ProcessExit exit = await host.WaitAsync("c1");
        await host.DeleteAsync("c1");
        await host.SeenAsync("c1", "/tasks/delete");

        Assert.True(lived);
        Assert.Equal((ProcessStatus.Running, pid), (state.Status, state.Pid));
        Assert.Equal(137u, exit.Status);
        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"], host.Topics("c1"));
        Assert.Empty(await host.LeftoversAsync());
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task An_exit_that_no_daemon_saw_is_told_by_the_next_and_not_again_by_the_one_after(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        uint pid = await host.UpAsync("c1", "sleep", "1000");
        await host.SeenAsync("c1", "/tasks/start");

        await host.DieAsync();
        Signals.Send((int)pid, Signals.SIGKILL);
        await EndedAsync(pid);
        await host.RunAsync();
        await host.SeenAsync("c1", "/tasks/exit");
        await host.DieAsync();
        await host.RunAsync();
        ProcessExit exit = await host.DeleteAsync("c1");
        await host.SeenAsync("c1", "/tasks/delete");

        Assert.Equal(137u, exit.Status);
        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"], host.Topics("c1"));
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task An_exit_whose_acknowledgement_was_lost_is_not_told_again_by_the_next(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        await host.UpAsync("c1", "sleep", "1000");
        TypedBytes spec = new("types.containerd.io/x", System.Text.Encoding.UTF8.GetBytes(Specs.Process("true")));
        await host.Tasks.ExecAsync(host.Namespace, "c1", new ExecCreation("e1", spec, TaskIo.None), Token);
        await host.Tasks.StartAsync(host.Namespace, "c1", "e1", Token);
        EventEnvelope ofExec = await host.SeenAsync("c1", "/tasks/exit");

        await host.DieAsync();
        await host.RunAsync();
        await host.Events.ForwardAsync(ofExec, Token);
        await host.KillAsync("c1");
        await host.WaitAsync("c1");
        await host.DeleteAsync("c1");
        await host.SeenAsync("c1", "/tasks/delete");

        // One of the exec and one of the task.
        Assert.Equal(2, host.Topics("c1").Count(topic => topic == "/tasks/exit"));
    }

    [Theory]
    [InlineData(ShimsUnderTest.Debian, false)]
    [InlineData(ShimsUnderTest.Own, false)]
    [InlineData(ShimsUnderTest.Debian, true)]
    [InlineData(ShimsUnderTest.Own, true)]
    public async Task A_deletion_that_the_shim_told_before_the_daemon_died_is_not_told_again_by_the_next(string shim, bool killed)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        await host.UpAsync("c1", "true");
        await host.WaitAsync("c1");
        await host.SeenAsync("c1", "/tasks/exit");
        int shimPid = host.ShimPid("c1");

        await host.DeleteInShimAsync("c1");
        await host.SeenAsync("c1", "/tasks/delete");
        await host.DieAsync();
        if (killed)
        {
            Signals.Send(shimPid, Signals.SIGKILL);
            await EndedAsync((uint)shimPid);
        }

        await host.RunAsync();

        GantryException gone = await Assert.ThrowsAsync<GantryException>(() => host.DeleteAsync("c1"));
        Assert.Equal(ErrorKind.NotFound, gone.Kind);
        Assert.Empty(await host.LeftoversAsync());
        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"], host.Topics("c1"));
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task A_shim_that_died_while_no_daemon_ran_is_cleaned_up_after_by_the_next(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        await host.UpAsync("c1", "sleep", "1000");
        await host.SeenAsync("c1", "/tasks/start");
        int shimPid = host.ShimPid("c1");

        await host.DieAsync();
        Signals.Send(shimPid, Signals.SIGKILL);
        await EndedAsync((uint)shimPid);
        await host.RunAsync();
        await host.SeenAsync("c1", "/tasks/delete");

        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"], host.Topics("c1"));
        Assert.Empty(await host.LeftoversAsync());
        GantryException gone = await Assert.ThrowsAsync<GantryException>(
            () => host.Tasks.GetAsync(host.Namespace, "c1", "", Token));
        Assert.Equal(ErrorKind.NotFound, gone.Kind);
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task A_shim_that_is_silent_at_adoption_keeps_its_task_and_is_reached_later(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        uint pid = await host.UpAsync("c1", "sleep", "1000");
        int shimPid = host.ShimPid("c1");
        host.Deadlines = new TaskDeadlines { ShimLoad = TimeSpan.FromSeconds(1) };

        await host.DieAsync();
        Signals.Send(shimPid, Signals.SIGSTOP);
        await host.RunAsync();
        GantryException silent = await Assert.ThrowsAsync<GantryException>(
            () => host.Tasks.GetAsync(host.Namespace, "c1", "", Token));
        bool lived = Signals.Exists((int)pid);
        Signals.Send(shimPid, Signals.SIGCONT);
        ProcessState state = await ReachedAsync(host, "c1");

        Assert.Equal(ErrorKind.Unavailable, silent.Kind);
        Assert.True(lived);
        Assert.Equal((ProcessStatus.Running, pid), (state.Status, state.Pid));
    }

    [Fact]
    public async Task A_bundle_without_a_shim_is_removed_at_start()
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(ShimsUnderTest.Debian));
        await host.DieAsync();
        Directory.CreateDirectory(Path.Combine(host.BundlePath("stray"), "rootfs"));

        await host.RunAsync();

        Assert.Empty(await host.LeftoversAsync());
    }

    [Theory]
    [InlineData("runc", "invalid runtime name runc, correct runtime name should be")]
    [InlineData("/no/such/shim", "invalid runtime name /no/such/shim")]
    public async Task A_name_that_is_none_of_a_runtime_is_refused(string runtime, string message)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(ShimsUnderTest.Debian));
        TaskCreation creation = host.Creation("c1", "true") with { RuntimeName = runtime };

        GantryException failure = await Assert.ThrowsAsync<GantryException>(
            () => host.Tasks.CreateAsync(host.Namespace, creation, Token));

        Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
        Assert.Empty(await host.LeftoversAsync());
    }

    [Fact]
    public async Task A_program_that_is_no_shim_gives_a_clear_error_and_leaves_nothing()
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(ShimsUnderTest.Debian));
        TaskCreation creation = host.Creation("c1", "true") with { RuntimePath = "/bin/false" };

        GantryException failure = await Assert.ThrowsAsync<GantryException>(
            () => host.Tasks.CreateAsync(host.Namespace, creation, Token));

        Assert.StartsWith("failed to start shim: ", failure.Message, StringComparison.Ordinal);
        Assert.Empty(await host.LeftoversAsync());
    }

    [Theory]
    [MemberData(nameof(Shims))]
    public async Task Many_tasks_one_after_another_leave_no_descriptor_open(string shim)
    {
        await using RuntimeHost host = await RuntimeHost.StartAsync(ShimsUnderTest.Find(shim));
        await LiveAsync(host);
        string[] before = Descriptors(host);

        for (int i = 0; i < 5; i++)
        {
            await LiveAsync(host);
        }

        Assert.Equal(before, Descriptors(host));
    }

    private static async Task LiveAsync(RuntimeHost host)
    {
        await host.UpAsync("c1", "true");
        await host.WaitAsync("c1");
        await host.DeleteAsync("c1");
    }

    /// <summary>The open FIFOs and pipes of this process, which are what a task needs beside its socket.</summary>
    private static string[] Descriptors(RuntimeHost host) =>
    [
        .. Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Select(entry => new FileInfo(entry).LinkTarget ?? "")
            .Where(target => target.StartsWith(host.State, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    private static async Task EndedAsync(uint pid)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        while (Runs(pid))
        {
            await timer.WaitForNextTickAsync(Token);
        }
    }

    /// <summary>Whether a process exists that is not merely waiting to be reaped.</summary>
    private static bool Runs(uint pid)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            // Gone.
            return false;
        }
    }

    private static async Task<ProcessState> ReachedAsync(RuntimeHost host, string id)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            if (await host.Tasks.ListAsync(host.Namespace, Token) is [{ Status: not ProcessStatus.Unknown } state]
                && state.ContainerId == id)
            {
                return state;
            }

            await timer.WaitForNextTickAsync(Token);
        }
    }
}
