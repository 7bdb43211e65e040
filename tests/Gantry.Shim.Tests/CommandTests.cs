using System.Text.Json;
using Gantry.Api.Runtime.Bootstrap;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Api.Types;
using Gantry.Linux.Processes;
using Google.Protobuf;

namespace Gantry.Shim.Tests;

public sealed class CommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_prints_the_bare_address_to_a_daemon_that_says_nothing()
    {
        await using ShimUnderTest shim = new();
        shim.MakeBundle("c1", ["true"]);

        await shim.LaunchAsync("c1", Token);

        Assert.Matches("^unix:///.*/s/[0-9a-f]{64}$", shim.Address);
        Assert.Equal(shim.Address, await File.ReadAllTextAsync(Path.Combine(shim.Bundle("c1"), "address"), Token));
    }

    [Fact]
    public async Task Start_prints_json_to_a_daemon_that_knows_version_3()
    {
        await using ShimUnderTest shim = new();
        shim.MakeBundle("c1", ["true"]);
        await shim.LaunchAsync("c1", Token);
        Dictionary<string, string?> environment = ShimUnderTest.Environment("");
        environment["MAX_SHIM_VERSION"] = "3";

        (_, byte[] output, _) = await ShimBinary.RunAsync(
            [.. shim.Flags("c1"), "start"], shim.Bundle("c1"), [], environment, Token);

        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(3, json.RootElement.GetProperty("version").GetInt32());
        Assert.Equal(shim.Address, json.RootElement.GetProperty("address").GetString());
        Assert.Equal("ttrpc", json.RootElement.GetProperty("protocol").GetString());
    }

    [Fact]
    public async Task Start_answers_parameters_with_a_result()
    {
        await using ShimUnderTest shim = new();
        shim.MakeBundle("c1", ["true"]);
        await shim.LaunchAsync("c1", Token);
        BootstrapParams parameters = new() { InstanceId = "c1", Namespace = ShimUnderTest.Namespace };

        (_, byte[] output, _) = await ShimBinary.RunAsync(
            [.. shim.Flags("c1"), "start"],
            shim.Bundle("c1"),
            parameters.ToByteArray(),
            ShimUnderTest.Environment(""),
            Token);

        BootstrapResult result = BootstrapResult.Parser.ParseFrom(output);
        Assert.Equal(3, result.Version);
        Assert.Equal(shim.Address, result.Address);
        Assert.Equal("ttrpc", result.Protocol);
    }

    [Theory]
    [InlineData("-id", "c1")]
    [InlineData("-namespace", "n", "-id", "../c1", "start")]
    [InlineData("-namespace", "n", "-id", "c1", "jump")]
    [InlineData("-namespace", "n", "-id")]
    [InlineData("-nonsense", "n")]
    public async Task A_command_line_without_sense_is_refused(params string[] arguments)
    {
        (int code, byte[] output, string error) = await ShimBinary.RunAsync(
            arguments, "/", [], ShimUnderTest.Environment(""), Token);

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.StartsWith("containerd-shim-gantry-v1: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_says_what_the_shim_is()
    {
        (int code, byte[] output, _) = await ShimBinary.RunAsync(
            ["-info"], "/", [], ShimUnderTest.Environment(""), Token);

        Assert.Equal(0, code);
        Assert.Equal("io.containerd.gantry.v1", RuntimeInfo.Parser.ParseFrom(output).Name);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task Delete_cleans_up_after_a_shim_that_was_killed_as_often_as_one_likes(string executor)
    {
        await using ShimUnderTest shim = new(executor);
        uint pid = await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        await shim.StartAsync("c1", Token);
        int shimPid = int.Parse(await File.ReadAllTextAsync(Path.Combine(shim.Bundle("c1"), "shim.pid"), Token));
        Signals.Send(shimPid, Signals.SIGKILL);
        await ProcessEnd.WaitAsync(shimPid, Token);

        string[] command = [.. shim.Flags("c1"), "-bundle", shim.Bundle("c1"), "delete"];
        (int code, byte[] first, string error) = await ShimBinary.RunAsync(
            command, shim.Bundle("c1"), [], ShimUnderTest.Environment(""), Token);
        (int again, byte[] second, _) = await ShimBinary.RunAsync(
            command, shim.Bundle("c1"), [], ShimUnderTest.Environment(""), Token);
        await ProcessEnd.WaitAsync((int)pid, Token);

        Assert.Equal("", error);
        Assert.Equal((0, 0), (code, again));
        Assert.Equal(137u, DeleteResponse.Parser.ParseFrom(first).ExitStatus);
        Assert.Equal(pid, DeleteResponse.Parser.ParseFrom(first).Pid);
        Assert.Equal(137u, DeleteResponse.Parser.ParseFrom(second).ExitStatus);
        Assert.Empty(Gantry.Linux.Mounts.MountInfo.ReadBelow(shim.Bundle("c1")));
    }

    [Fact]
    public async Task Events_wait_for_a_daemon_that_is_away_and_keep_their_order()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        await shim.StartAsync("c1", Token);
        await shim.Events.WaitForAsync("/tasks/start", 1, Token);

        await shim.RestartDaemonAsync(async () =>
        {
            await shim.Task.PauseAsync(new PauseRequest { Id = "c1" }, cancellationToken: Token);
            await shim.Task.ResumeAsync(new ResumeRequest { Id = "c1" }, cancellationToken: Token);
            await shim.Task.KillAsync(new KillRequest { Id = "c1", Signal = 9 }, cancellationToken: Token);
            await shim.WaitAsync("c1", "", Token);
        });
        await shim.Events.WaitForAsync("/tasks/exit", 1, Token);

        Assert.Equal(["/tasks/paused", "/tasks/resumed", "/tasks/exit"], shim.Events.Topics);
    }

    [Fact]
    public async Task Version_3_of_the_service_is_served_too()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["true"], Token);
        Gantry.Api.Runtime.TaskV3.Task.TaskClient task = new(shim.Client.CallInvoker);

        Gantry.Api.Runtime.TaskV3.StateResponse state = await task.StateAsync(
            new Gantry.Api.Runtime.TaskV3.StateRequest { Id = "c1" }, cancellationToken: Token);

        Assert.Equal(Gantry.Api.Types.Task.Status.Created, state.Status);
        Assert.Equal(shim.Bundle("c1"), state.Bundle);
    }

    [Fact]
    public async Task A_stop_signal_does_not_stop_a_shim()
    {
        await using ShimUnderTest shim = new();
        await shim.CreateAsync("c1", ["sleep", "1000"], Token);
        int pid = int.Parse(await File.ReadAllTextAsync(Path.Combine(shim.Bundle("c1"), "shim.pid"), Token));

        Signals.Send(pid, Signals.SIGTERM);
        StateResponse state = await shim.Task.StateAsync(new StateRequest { Id = "c1" }, cancellationToken: Token);

        Assert.Equal(Gantry.Api.Types.Task.Status.Created, state.Status);
    }
}
