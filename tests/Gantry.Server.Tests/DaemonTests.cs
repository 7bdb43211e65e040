using CliWrap;
using CliWrap.Buffered;
using Gantry.Api.Services.Containers;
using Gantry.Api.Services.Content;
using Gantry.Api.Services.Events;
using Gantry.Api.Services.Introspection;
using Gantry.Api.Services.Namespaces;
using Gantry.Core.Errors;
using Gantry.Server.Config;
using Gantry.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Server.Tests;

public sealed class DaemonTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sockets_have_the_modes_that_clients_rely_on()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);

        const UnixFileMode Expected = UnixFileMode.UserRead | UnixFileMode.UserWrite
            | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        Assert.Equal(Expected, File.GetUnixFileMode(daemon.Address));
        Assert.Equal(Expected, File.GetUnixFileMode(daemon.Address + ".ttrpc"));
    }

    [Fact]
    public async Task Sockets_go_with_the_daemon()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);

        await daemon.StopAsync();

        Assert.False(File.Exists(daemon.Address));
        Assert.False(File.Exists(daemon.Address + ".ttrpc"));
    }

    [Fact]
    public async Task A_second_daemon_on_the_same_root_refuses_to_start()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => Daemon.StartAsync(
            daemon.Config with { Grpc = new() { Address = daemon.Address + "2" } },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            Token));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }

    [Fact]
    public async Task A_start_that_is_given_up_leaves_nothing()
    {
        Needs.Root();
        using TempDirectory directory = new();
        DaemonConfig config = new()
        {
            Root = directory["r"],
            State = directory["s"],
            Grpc = new SocketConfig { Address = directory["s/d.sock"] },
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Daemon.StartAsync(
            config, NullLoggerFactory.Instance, TimeProvider.System, new CancellationToken(canceled: true)));

        Assert.False(File.Exists(config.Grpc.Address));
    }

    [Fact]
    public async Task What_is_deprecated_in_the_configuration_is_told_to_clients()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(
            Token, change: config => ConfigLoader.Parse("oom_score = 0", "old.toml", config));

        ServerResponse server = await new Introspection.IntrospectionClient(daemon.Calls)
            .ServerAsync(new Empty(), cancellationToken: Token);

        DeprecationWarning warning = Assert.Single(server.Deprecations);
        Assert.Equal("gantry.deprecation/config-version-1", warning.Id);
        Assert.StartsWith("config old.toml is of version 1 or tells none", warning.Message, StringComparison.Ordinal);
        Assert.True(warning.LastOccurrence.ToDateTimeOffset() > DateTimeOffset.UnixEpoch);
    }

    [Theory]
    [InlineData("io.containerd.snapshotter.v1", "native", false, StatusCode.OK)]
    [InlineData("io.containerd.snapshotter.v1", "native", true, StatusCode.Unimplemented)]
    [InlineData("io.containerd.snapshotter.v1", "none", false, StatusCode.NotFound)]
    [InlineData("io.containerd.runtime.v2", "task", true, StatusCode.InvalidArgument)]
    public async Task A_plugin_tells_of_itself(string type, string id, bool options, StatusCode expected)
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        PluginInfoRequest request = new() { Type = type, Id = id, Options = options ? new Any { TypeUrl = "none" } : null };

        using AsyncUnaryCall<PluginInfoResponse> call =
            new Introspection.IntrospectionClient(daemon.Calls).PluginInfoAsync(request, cancellationToken: Token);
        PluginInfoResponse? response = null;
        try
        {
            response = await call;
        }
        catch (RpcException)
        {
            // The status is looked at below.
        }

        Assert.Equal(expected, call.GetStatus().StatusCode);
        Assert.Equal(expected is StatusCode.OK ? id : null, response?.Plugin.Id);
    }

    [Fact]
    public async Task A_required_plugin_that_is_not_there_keeps_the_daemon_from_starting()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        await daemon.StopAsync();

        GantryException error = await Assert.ThrowsAsync<GantryException>(() => Daemon.StartAsync(
            daemon.Config with { RequiredPlugins = ["io.containerd.snapshotter.v1.zfs"] },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            Token));

        Assert.Contains("io.containerd.snapshotter.v1.zfs", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(daemon.Address));
    }

    [Fact]
    public async Task The_real_ctr_finds_the_daemon()
    {
        string ctr = Needs.Program("ctr");
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);

        BufferedCommandResult version =
            await Cli.Wrap(ctr).WithArguments(["-a", daemon.Address, "version"]).ExecuteBufferedAsync(Token);
        BufferedCommandResult plugins =
            await Cli.Wrap(ctr).WithArguments(["-a", daemon.Address, "plugins", "ls"]).ExecuteBufferedAsync(Token);

        Assert.Contains(BuildInfo.Version, version.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("io.containerd.snapshotter.v1", plugins.StandardOutput, StringComparison.Ordinal);
        Assert.DoesNotContain("error", plugins.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_is_as_it_was_after_a_restart()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        Metadata headers = DaemonHarness.In("one");
        Any spec = new() { TypeUrl = "types.containerd.io/x", Value = ByteString.CopyFromUtf8("{ \"odd\":  1 }") };
        Container container = new()
        {
            Id = "c",
            Spec = spec,
            Runtime = new Container.Types.Runtime { Name = "io.containerd.runc.v2" },
            Labels = { ["a"] = "b" },
        };
        CreateContainerResponse created = await new Containers.ContainersClient(daemon.Calls)
            .CreateAsync(new CreateContainerRequest { Container = container }, headers, cancellationToken: Token);
        ServerResponse before = await new Introspection.IntrospectionClient(daemon.Calls)
            .ServerAsync(new Empty(), cancellationToken: Token);

        await daemon.RestartAsync(Token);

        GetContainerResponse after = await new Containers.ContainersClient(daemon.Calls)
            .GetAsync(new GetContainerRequest { Id = "c" }, headers, cancellationToken: Token);
        ServerResponse again = await new Introspection.IntrospectionClient(daemon.Calls)
            .ServerAsync(new Empty(), cancellationToken: Token);
        Assert.Equal(created.Container, after.Container);
        Assert.Equal(spec, after.Container.Spec);
        Assert.Equal(before.Uuid, again.Uuid);
    }

    [Fact]
    public async Task Calls_that_wait_end_when_the_daemon_stops()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        using AsyncServerStreamingCall<Api.Types.Envelope> call =
            new Events.EventsClient(daemon.Calls).Subscribe(new SubscribeRequest(), cancellationToken: Token);
        await call.ResponseHeadersAsync;
        Task<bool> next = call.ResponseStream.MoveNext(Token);

        long started = TimeProvider.System.GetTimestamp();
        Task stop = daemon.StopAsync();

        await Assert.ThrowsAsync<RpcException>(() => next);
        await stop;
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(null, StatusCode.FailedPrecondition, "namespace is required: failed precondition")]
    [InlineData("", StatusCode.FailedPrecondition, "namespace is required: failed precondition")]
    [InlineData("../x", StatusCode.InvalidArgument, "namespace validation: identifier \"../x\" must match")]
    public async Task A_call_without_a_good_namespace_is_refused(string? ns, StatusCode code, string text)
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        Content.ContentClient client = new(daemon.Calls);
        Metadata headers = ns is null ? [] : DaemonHarness.In(ns);

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () =>
            await client.ListStatusesAsync(new ListStatusesRequest(), headers, cancellationToken: Token));

        Assert.Equal(code, error.StatusCode);
        Assert.StartsWith(text, error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_of_a_namespace_is_told_to_subscribers()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        using AsyncServerStreamingCall<Api.Types.Envelope> call =
            new Events.EventsClient(daemon.Calls).Subscribe(new SubscribeRequest(), cancellationToken: Token);
        await call.ResponseHeadersAsync;

        await new Namespaces.NamespacesClient(daemon.Calls).CreateAsync(
            new CreateNamespaceRequest { Namespace = new Namespace { Name = "one", Labels = { ["k"] = "v" } } },
            cancellationToken: Token);

        Assert.True(await call.ResponseStream.MoveNext(Token));
        Api.Types.Envelope envelope = call.ResponseStream.Current;
        Assert.Equal("/namespaces/create", envelope.Topic);
        Assert.Equal("one", envelope.Namespace);
        Assert.Equal("containerd.events.NamespaceCreate", envelope.Event.TypeUrl);
    }
}
