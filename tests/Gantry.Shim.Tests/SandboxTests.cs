using Gantry.Api.Runtime.Sandbox;
using Gantry.Api.Runtime.TaskV2;
using Grpc.Core;
using Metrics = Gantry.Api.Cgroups.V1.Metrics;
using SandboxClient = Gantry.Api.Runtime.Sandbox.Sandbox.SandboxClient;

namespace Gantry.Shim.Tests;

public sealed class SandboxTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sandbox_holds_containers_and_ends_them_when_it_is_stopped()
    {
        await using ShimUnderTest shim = new();
        SandboxClient sandbox = await LaunchAsync(shim);

        StartSandboxResponse started = await sandbox.StartSandboxAsync(
            new StartSandboxRequest { SandboxId = "p1" }, cancellationToken: Token);
        await AddAsync(shim, "c1");
        await AddAsync(shim, "c2");
        SandboxStatusResponse ready = await StatusAsync(sandbox);
        Task<WaitSandboxResponse> waiting = sandbox.WaitSandboxAsync(
            new WaitSandboxRequest { SandboxId = "p1" }, cancellationToken: Token).ResponseAsync;
        await sandbox.StopSandboxAsync(
            new StopSandboxRequest { SandboxId = "p1", TimeoutSecs = 0 }, cancellationToken: Token);
        WaitSandboxResponse end = await waiting;
        SandboxStatusResponse stopped = await StatusAsync(sandbox);
        WaitResponse exit = await shim.WaitAsync("c2", "", Token);

        Assert.Equal(started.Pid, ready.Pid);
        Assert.Equal(("SANDBOX_READY", "c1,c2"), (ready.State, ready.Info["containers"]));
        Assert.Equal("SANDBOX_NOTREADY", stopped.State);
        Assert.Equal(end.ExitedAt, stopped.ExitedAt);
        Assert.Equal(137u, exit.ExitStatus);
    }

    [Fact]
    public async Task A_sandbox_keeps_the_shim_when_there_is_no_container_until_it_is_shut_down()
    {
        await using ShimUnderTest shim = new();
        SandboxClient sandbox = await LaunchAsync(shim);
        await sandbox.StartSandboxAsync(new StartSandboxRequest { SandboxId = "p1" }, cancellationToken: Token);

        await shim.Task.ShutdownAsync(new ShutdownRequest { Id = "c0" }, cancellationToken: Token);
        await sandbox.PingSandboxAsync(new PingRequest { SandboxId = "p1" }, cancellationToken: Token);
        await sandbox.ShutdownSandboxAsync(new ShutdownSandboxRequest { SandboxId = "p1" }, cancellationToken: Token);
        await shim.Client.Closed.WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    [Fact]
    public async Task The_numbers_of_a_sandbox_are_the_sums_of_its_containers()
    {
        await using ShimUnderTest shim = new();
        SandboxClient sandbox = await LaunchAsync(shim);
        await sandbox.StartSandboxAsync(new StartSandboxRequest { SandboxId = "p1" }, cancellationToken: Token);
        await AddAsync(shim, "c1");
        await AddAsync(shim, "c2");

        SandboxMetricsResponse response = await sandbox.SandboxMetricsAsync(
            new SandboxMetricsRequest { SandboxId = "p1" }, cancellationToken: Token);
        PlatformResponse platform = await sandbox.PlatformAsync(
            new PlatformRequest { SandboxId = "p1" }, cancellationToken: Token);

        Assert.Equal("linux", platform.Platform.Os);
        Assert.Equal("p1", response.Metrics.Id);
        Assert.Matches("^io\\.containerd\\.cgroups\\.v[12]\\.Metrics$", response.Metrics.Data.TypeUrl);
        ulong processes = response.Metrics.Data.TypeUrl.Contains("v1", StringComparison.Ordinal)
            ? Metrics.Parser.ParseFrom(response.Metrics.Data.Value).Pids.Current
            : Gantry.Api.Cgroups.V2.Metrics.Parser.ParseFrom(response.Metrics.Data.Value).Pids.Current;
        Assert.Equal(2u, processes);
    }

    [Fact]
    public async Task Another_sandbox_is_not_found_and_a_second_cannot_be_made()
    {
        await using ShimUnderTest shim = new();
        SandboxClient sandbox = await LaunchAsync(shim);

        RpcException ping = await Assert.ThrowsAsync<RpcException>(async () =>
            await sandbox.PingSandboxAsync(new PingRequest { SandboxId = "p2" }, cancellationToken: Token));
        RpcException create = await Assert.ThrowsAsync<RpcException>(async () =>
            await sandbox.CreateSandboxAsync(new CreateSandboxRequest { SandboxId = "p2" }, cancellationToken: Token));

        Assert.Equal((StatusCode.NotFound, "sandbox p2: not found"), (ping.StatusCode, ping.Status.Detail));
        Assert.Equal(StatusCode.AlreadyExists, create.StatusCode);
    }

    /// <summary>A shim that is the sandbox p1.</summary>
    private static async Task<SandboxClient> LaunchAsync(ShimUnderTest shim)
    {
        shim.MakeBundle("p1", ["true"]);
        await shim.LaunchAsync("p1", Token);
        SandboxClient sandbox = new(shim.Client.CallInvoker);
        await sandbox.CreateSandboxAsync(
            new CreateSandboxRequest { SandboxId = "p1", BundlePath = shim.Bundle("p1") }, cancellationToken: Token);
        return sandbox;
    }

    private static async Task<SandboxStatusResponse> StatusAsync(SandboxClient sandbox) =>
        await sandbox.SandboxStatusAsync(
            new SandboxStatusRequest { SandboxId = "p1", Verbose = true }, cancellationToken: Token);

    private static async Task AddAsync(ShimUnderTest shim, string id)
    {
        shim.MakeBundle(id, ["sleep", "1000"]);
        await shim.AddAsync(id, Token);
    }
}
