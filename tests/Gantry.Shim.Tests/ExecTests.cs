using System.Text.Json.Nodes;
using Gantry.Api.Runtime.TaskV2;
using Grpc.Core;

namespace Gantry.Shim.Tests;

public sealed class ExecTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_process_is_added_and_ends_with_its_own_code(string executor)
    {
        await using ShimUnderTest shim = new(executor);
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        await shim.StartAsync("c1", Token);
        (string output, Task<string> text) = shim.OutputFifo("out");

        await AddAsync(shim, "e1", output, "sh", "-c", "echo inside; exit 5");
        StartResponse started = await shim.Task.StartAsync(
            new StartRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token);
        WaitResponse exit = await shim.WaitAsync("c1", "e1", Token);
        DeleteResponse deleted = await shim.Task.DeleteAsync(
            new DeleteRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token);
        await shim.Events.WaitForAsync("/tasks/exit", 1, Token);

        Assert.Equal("inside\n", await text.WaitAsync(TimeSpan.FromSeconds(30), Token));
        Assert.Equal(5u, exit.ExitStatus);
        Assert.Equal(started.Pid, deleted.Pid);
        Assert.Equal(
            ["/tasks/create", "/tasks/start", "/tasks/exec-added", "/tasks/exec-started", "/tasks/exit"],
            shim.Events.Topics);
    }

    [Fact]
    public async Task A_process_id_that_is_taken_reports_AlreadyExists()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        await shim.StartAsync("c1", Token);
        await AddAsync(shim, "e1", "", "true");

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => AddAsync(shim, "e1", "", "true"));

        Assert.Equal(StatusCode.AlreadyExists, error.StatusCode);
        Assert.Equal("id e1: already exists", error.Status.Detail);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_program_that_is_not_there_is_said_and_the_process_can_be_deleted(string executor)
    {
        await using ShimUnderTest shim = new(executor);
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        await shim.StartAsync("c1", Token);
        await AddAsync(shim, "e1", "", "nope");

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () => await shim.Task.StartAsync(
            new StartRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token));
        await shim.Task.DeleteAsync(new DeleteRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token);

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.StartsWith("OCI runtime exec failed: ", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_added_to_a_container_that_has_ended()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["true"], Token);
        await shim.StartAsync("c1", Token);
        await shim.WaitAsync("c1", "", Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => AddAsync(shim, "e1", "", "true"));

        Assert.Equal("cannot exec in a stopped state", error.Status.Detail);
    }

    [Fact]
    public async Task The_end_of_an_added_process_is_told_before_that_of_the_container()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        await shim.StartAsync("c1", Token);
        await AddAsync(shim, "e1", "", "sleep", "1000");
        await shim.Task.StartAsync(new StartRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token);

        await shim.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        await shim.Events.WaitForAsync("/tasks/exit", 2, Token);

        Assert.Equal(["e1", "c1"], shim.Events.ExitIds);
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_process_does_not_outlive_a_first_one_with_which_it_shares_the_host_s_processes(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        await under.CreateAsync("c1", ["sleep", "1000"], Token, spec: spec =>
        {
            JsonArray namespaces = spec["linux"]!["namespaces"]!.AsArray();
            namespaces.Remove(namespaces.Single(ns => ns!["type"]!.GetValue<string>() == "pid"));
        });
        await under.StartAsync("c1", Token);
        await AddAsync(under, "e1", "", "sleep", "1000");
        StartResponse added = await under.Task.StartAsync(
            new StartRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token);

        await under.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        WaitResponse first = await under.WaitAsync("c1", "", Token);
        uint further = await under.WaitAndDeleteAsync("c1", "e1", Token);
        await under.Task.DeleteAsync(new DeleteRequest { Id = "c1" }, cancellationToken: Token);

        Assert.Equal((137u, 137u), (first.ExitStatus, further));
        Assert.False(Gantry.Linux.Processes.Signals.Exists((int)added.Pid));
        Assert.Empty(under.Cgroups("c1"));
    }

    [Theory]
    [InlineData(Shims.Reference)]
    [InlineData(Shims.Ours)]
    public async Task A_process_whose_output_nobody_opens_is_given_up_and_the_container_runs_on(string shim)
    {
        await using ShimUnderTest under = new(shim: shim);
        await under.CreateAsync("c1", ["sleep", "1000"], Token);
        await under.StartAsync("c1", Token);
        await AddAsync(under, "e1", under.MakeFifo("out"), "true");

        Task<StartResponse> start =
            under.Task.StartAsync(new StartRequest { Id = "c1", ExecId = "e1" }, cancellationToken: Token).ResponseAsync;
        StateResponse meanwhile = await under.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);
        bool waited = !start.IsCompleted;
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => start.WaitAsync(TimeSpan.FromMinutes(2), Token));
        await AddAsync(under, "e2", "", "true");
        await under.Task.StartAsync(new StartRequest { Id = "c1", ExecId = "e2" }, cancellationToken: Token);
        uint other = await under.WaitAndDeleteAsync("c1", "e2", Token);
        await under.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
        uint first = await under.WaitAndDeleteAsync("c1", "", Token);

        Assert.True(waited);
        Assert.Equal(Api.Types.Task.Status.Running, meanwhile.Status);
        Assert.Contains("failed: context deadline exceeded", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains($"opening w/o fifo \"{under["out"]}\"", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal((0u, 137u), (other, first));
    }

    private static async Task AddAsync(ShimUnderTest shim, string id, string output, params string[] command) =>
        await shim.Task.ExecAsync(
            new ExecProcessRequest
            {
                Id = "c1",
                ExecId = id,
                Stdout = output,
                Spec = ShimUnderTest.ProcessSpec(command),
            },
            cancellationToken: Token);
}
