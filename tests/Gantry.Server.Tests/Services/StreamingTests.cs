using Gantry.Api;
using Gantry.Api.Services.Leases;
using Gantry.Api.Services.Streaming;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Gantry.Server.Tests.Services;

public sealed class StreamingTests : IAsyncLifetime
{
    private DaemonHarness _daemon = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _daemon = await DaemonHarness.StartAsync(Token);

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task A_client_is_told_when_its_stream_is_known()
    {
        using AsyncDuplexStreamingCall<Any, Any> call = await OpenAsync("s1", DaemonHarness.In("a"));

        Assert.Equal("google.protobuf.Empty", TypeUrlName(call.ResponseStream.Current));
    }

    [Fact]
    public async Task A_name_is_taken_once_in_a_namespace_and_free_again_after_its_call()
    {
        using (await OpenAsync("s1", DaemonHarness.In("a")))
        {
            using AsyncDuplexStreamingCall<Any, Any> elsewhere = await OpenAsync("s1", DaemonHarness.In("b"));
            RpcException error =
                await Assert.ThrowsAsync<RpcException>(() => OpenAsync("s1", DaemonHarness.In("a")));

            Assert.Equal(StatusCode.AlreadyExists, error.StatusCode);
        }

        using AsyncDuplexStreamingCall<Any, Any> again = await OpenWhenFreeAsync("s1");
        Assert.NotNull(again);
    }

    [Fact]
    public async Task The_first_message_has_to_name_the_stream()
    {
        using AsyncDuplexStreamingCall<Any, Any> call = Client.Stream(DaemonHarness.In("a"), cancellationToken: Token);
        await call.RequestStream.WriteAsync(TypeUrl.PackAny("google.protobuf.Empty", new Empty()), Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.Contains("can't unmarshal type", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_ends_with_the_lease_that_it_was_opened_under()
    {
        Leases.LeasesClient leases = new(_daemon.Calls);
        await leases.CreateAsync(new CreateRequest { Id = "l1" }, DaemonHarness.In("a"), cancellationToken: Token);
        using AsyncDuplexStreamingCall<Any, Any> leased = await OpenAsync("s1", DaemonHarness.In("a", "l1"));
        using AsyncDuplexStreamingCall<Any, Any> other = await OpenAsync("s2", DaemonHarness.In("a"));

        await leases.DeleteAsync(new DeleteRequest { Id = "l1" }, DaemonHarness.In("a"), cancellationToken: Token);

        Assert.False(await leased.ResponseStream.MoveNext(Token));
        Assert.Equal(StatusCode.OK, leased.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_stream_does_not_keep_the_daemon_from_stopping()
    {
        using AsyncDuplexStreamingCall<Any, Any> call = await OpenAsync("s1", DaemonHarness.In("a"));
        Task<bool> end = call.ResponseStream.MoveNext(Token);

        await _daemon.StopAsync().WaitAsync(TimeSpan.FromSeconds(30), Token);

        await Assert.ThrowsAsync<RpcException>(() => end);
    }

    private Streaming.StreamingClient Client => new(_daemon.Calls);

    private static string TypeUrlName(Any any) => any.TypeUrl[(any.TypeUrl.LastIndexOf('/') + 1)..];

    private async Task<AsyncDuplexStreamingCall<Any, Any>> OpenAsync(string name, Grpc.Core.Metadata headers)
    {
        AsyncDuplexStreamingCall<Any, Any> call = Client.Stream(headers, cancellationToken: Token);
        await call.RequestStream.WriteAsync(
            TypeUrl.PackAny("containerd.services.streaming.v1.StreamInit", new StreamInit { Id = name }), Token);
        Assert.True(await call.ResponseStream.MoveNext(Token));
        return call;
    }

    /// <summary>The daemon hears a little later that a client has gone.</summary>
    private async Task<AsyncDuplexStreamingCall<Any, Any>> OpenWhenFreeAsync(string name)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                return await OpenAsync(name, DaemonHarness.In("a"));
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
            {
                await Task.Delay(20, limit.Token);
            }
        }
    }
}
