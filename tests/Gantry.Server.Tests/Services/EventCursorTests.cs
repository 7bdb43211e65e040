using Gantry.Api.Services.Events;
using Gantry.Api.Types;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Gantry.Server.Tests.Services;

/// <summary>A subscription of containerd's that has a cursor in its headers.</summary>
public sealed class EventCursorTests
{
    private static readonly Metadata Ns = new() { { "containerd-namespace", "cursor" } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_has_what_was_kept_also_by_the_daemon_before_and_then_what_comes()
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        await PublishAsync(daemon, "/kept");
        await daemon.RestartAsync(Token);
        using AsyncServerStreamingCall<Envelope> call = Subscribe(daemon, "earliest");

        Assert.Equal("/kept", await NextAsync(call));
        await PublishAsync(daemon, "/comes");
        Assert.Equal("/comes", await NextAsync(call));
    }

    [Theory]
    [InlineData("x", StatusCode.InvalidArgument)]
    [InlineData("", StatusCode.InvalidArgument)]
    [InlineData("-1", StatusCode.InvalidArgument)]
    [InlineData("18446744073709551615", StatusCode.OutOfRange)]
    [InlineData("99999999999999999999999", StatusCode.InvalidArgument)]
    [InlineData("9999-99-99T00:00:00Z", StatusCode.InvalidArgument)]
    public async Task One_that_means_nothing_is_refused(string cursor, StatusCode code)
    {
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(Token);
        using AsyncServerStreamingCall<Envelope> call = Subscribe(daemon, cursor);

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));

        Assert.Equal(code, refused.StatusCode);
    }

    private static AsyncServerStreamingCall<Envelope> Subscribe(DaemonHarness daemon, string cursor) =>
        new Events.EventsClient(daemon.Calls).Subscribe(
            new SubscribeRequest { Filters = { "namespace==cursor" } },
            new Metadata { { "gantry-event-cursor", cursor } },
            cancellationToken: Token);

    private static async Task<string> NextAsync(AsyncServerStreamingCall<Envelope> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(Token));
        return call.ResponseStream.Current.Topic;
    }

    private static async Task PublishAsync(DaemonHarness daemon, string topic) =>
        await new Events.EventsClient(daemon.Calls).PublishAsync(
            new PublishRequest { Topic = topic, Event = new Any { TypeUrl = "x" } }, Ns, cancellationToken: Token);
}
