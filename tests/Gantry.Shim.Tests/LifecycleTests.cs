using System.Text.Json.Nodes;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Api.Types.Task;
using Grpc.Core;
using Status = Gantry.Api.Types.Task.Status;

namespace Gantry.Shim.Tests;

public sealed class LifecycleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_container_is_created_started_ends_and_is_deleted(string executor)
    {
        await using ShimUnderTest shim = new(executor);

        uint pid = await shim.CreateAsync("c1", ["sh", "-c", "exit 7"], Token);
        StateResponse created = await shim.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);
        await shim.StartAsync("c1", Token);
        WaitResponse exit = await shim.WaitAsync("c1", "", Token);
        StateResponse stopped = await shim.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);
        DeleteResponse deleted = await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);
        await shim.Events.WaitForAsync("/tasks/delete", 1, Token);

        Assert.Equal(Status.Created, created.Status);
        Assert.Equal(pid, created.Pid);
        Assert.Equal(7u, exit.ExitStatus);
        Assert.Equal(Status.Stopped, stopped.Status);
        Assert.Equal(7u, deleted.ExitStatus);
        Assert.Equal(exit.ExitedAt, deleted.ExitedAt);
        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"], shim.Events.Topics);
    }

    [Fact]
    public async Task Deleting_twice_reports_NotFound()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["true"], Token);
        await shim.StartAsync("c1", Token);
        await shim.WaitAsync("c1", "", Token);
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            async () => await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Equal("container not created: not found", error.Status.Detail);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_container_that_was_never_started_can_be_deleted(string executor)
    {
        await using ShimUnderTest shim = new(executor);
        await shim.CreateAsync("c1", ["true"], Token);

        DeleteResponse deleted = await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);

        Assert.Equal(137u, deleted.ExitStatus);
    }

    [Fact]
    public async Task A_running_container_cannot_be_deleted()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["sleep", "100"], Token);
        await shim.StartAsync("c1", Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            async () => await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.Equal("cannot delete a running process", error.Status.Detail);
    }

    [Fact]
    public async Task A_kill_ends_a_container_with_128_and_the_signal_and_a_second_finds_nothing()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["sleep", "100"], Token);
        await shim.StartAsync("c1", Token);

        await shim.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        WaitResponse exit = await shim.WaitAsync("c1", "", Token);
        RpcException error = await Assert.ThrowsAsync<RpcException>(async () =>
            await shim.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token));

        Assert.Equal(137u, exit.ExitStatus);
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Equal("process already finished: not found", error.Status.Detail);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_program_that_is_not_there_is_said_and_leaves_nothing(string executor)
    {
        await using ShimUnderTest shim = new(executor);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => shim.CreateAsync("c1", ["nope"], Token));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.StartsWith("OCI runtime create failed: ", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("executable file", error.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(Gantry.Linux.Mounts.MountInfo.ReadBelow(shim.Bundle("c1")));
    }

    [Fact]
    public async Task The_end_of_a_container_that_ends_at_once_is_told_after_its_start()
    {
        await using ShimUnderTest shim = new();
        for (int i = 0; i < 10; i++)
        {
            await shim.CreateAsync($"c{i}", ["true"], Token, spec: InGroup);
            await shim.StartAsync($"c{i}", Token);
            await shim.WaitAsync($"c{i}", "", Token);
            await shim.Task.DeleteAsync(new DeleteRequest { Id = $"c{i}" }, cancellationToken: Token);
        }

        await shim.Events.WaitForAsync("/tasks/delete", 10, Token);

        string[] once = ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"];
        Assert.Equal(Enumerable.Repeat(once, 10).SelectMany(topics => topics), shim.Events.Topics);
    }

    [Fact]
    public async Task The_containers_of_a_group_share_a_shim_that_ends_with_the_last()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["sleep", "100"], Token, spec: InGroup);
        string first = shim.Address;
        await shim.CreateAsync("c2", ["sleep", "100"], Token, spec: InGroup);
        string second = shim.Address;
        int pid = int.Parse(await File.ReadAllTextAsync(Path.Combine(shim.Bundle("c1"), "shim.pid"), Token));

        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);
        await shim.Task.ShutdownAsync(new ShutdownRequest { Id = "c1" }, cancellationToken: Token);
        StateResponse other = await shim.Task.StateAsync(new StateRequest { Id = "c2" }, cancellationToken: Token);
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c2" }, cancellationToken: Token);
        await shim.Task.ShutdownAsync(new ShutdownRequest { Id = "c2" }, cancellationToken: Token);
        await shim.Client.Closed.WaitAsync(TimeSpan.FromSeconds(10), Token);
        await ProcessEnd.WaitAsync(pid, Token);

        Assert.Equal(first, second);
        Assert.Equal(Status.Created, other.Status);
        Assert.False(File.Exists(first["unix://".Length..]));
    }

    [Fact]
    public async Task A_pause_holds_a_container_and_a_kill_ends_it_all_the_same()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["sleep", "100"], Token);
        await shim.StartAsync("c1", Token);

        await shim.Task.PauseAsync(new PauseRequest { Id = "c1" }, cancellationToken: Token);
        StateResponse paused = await shim.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);
        await shim.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        WaitResponse exit = await shim.WaitAsync("c1", "", Token);

        Assert.Equal(Status.Paused, paused.Status);
        Assert.Equal(137u, exit.ExitStatus);
    }

    [Fact]
    public async Task Without_a_pid_namespace_the_other_processes_end_with_the_first()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["sh", "-c", "sleep 1000 & exit 0"], Token, spec: WithHostPids);

        await shim.StartAsync("c1", Token);
        await shim.WaitAsync("c1", "", Token);
        PidsResponse dying = await shim.Task.PidsAsync(new PidsRequest { Id = "c1" }, cancellationToken: Token);
        foreach (ProcessInfo process in dying.Processes)
        {
            await ProcessEnd.WaitAsync((int)process.Pid, Token);
        }

        PidsResponse left = await shim.Task.PidsAsync(new PidsRequest { Id = "c1" }, cancellationToken: Token);

        Assert.Empty(left.Processes);
    }

    [Fact]
    public async Task Statistics_and_process_ids_are_those_of_the_container()
    {
        await using ShimUnderTest shim = new();
        uint pid = await shim.CreateAsync("c1", ["sleep", "100"], Token);
        await shim.StartAsync("c1", Token);

        PidsResponse pids = await shim.Task.PidsAsync(new PidsRequest { Id = "c1" }, cancellationToken: Token);
        StatsResponse stats = await shim.Task.StatsAsync(new StatsRequest { Id = "c1" }, cancellationToken: Token);

        ProcessInfo process = Assert.Single(pids.Processes);
        Assert.Equal(pid, process.Pid);
        Assert.Matches("^io\\.containerd\\.cgroups\\.v[12]\\.Metrics$", stats.Stats.TypeUrl);
        Assert.NotEmpty(stats.Stats.Value);
    }

    [Fact]
    public async Task A_kill_for_want_of_memory_is_told_before_the_exit()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["tail", "/dev/zero"], Token, spec: WithLittleMemory);

        await shim.StartAsync("c1", Token);
        WaitResponse exit = await shim.WaitAsync("c1", "", Token);
        await shim.Events.WaitForAsync("/tasks/exit", 1, Token);

        Assert.Equal(137u, exit.ExitStatus);
        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/oom", "/tasks/exit"], shim.Events.Topics);
    }

    private static void InGroup(JsonObject spec) =>
        spec["annotations"] = new JsonObject { ["io.containerd.runc.v2.group"] = "g1" };

    private static void WithHostPids(JsonObject spec) => spec["linux"]!["namespaces"]!.AsArray().RemoveAt(0);

    private static void WithLittleMemory(JsonObject spec)
    {
        spec["linux"]!["resources"]!["memory"] = new JsonObject { ["limit"] = 16 << 20, ["swap"] = 16 << 20 };
        spec["mounts"]!.AsArray().RemoveAt(1);
        spec["mounts"]!.AsArray().RemoveAt(1);
        spec["mounts"]!.AsArray().Add(JsonNode.Parse(
            """{"destination": "/dev", "type": "bind", "source": "/dev", "options": ["rbind", "ro"]}"""));
    }
}
