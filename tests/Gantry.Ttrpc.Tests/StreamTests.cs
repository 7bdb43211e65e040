using Gantry.Core.Errors;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Gantry.Ttrpc.Tests;

public sealed class StreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_streams_and_gets_one_answer()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);
        using AsyncClientStreamingCall<BytesValue, BytesValue> call =
            client.CallInvoker.AsyncClientStreamingCall(TestMethods.Collect, null, default);

        for (int i = 0; i < 500; i++)
        {
            await call.RequestStream.WriteAsync(TestMethods.Bytes($"{i}"), Token);
        }

        await call.RequestStream.WriteAsync(TestMethods.Bytes(""), Token);
        await call.RequestStream.CompleteAsync();

        Assert.Equal(string.Join(',', Enumerable.Range(0, 500)) + ",", (await call).Text());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_client_that_streams_nothing_gets_its_answer()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);
        using AsyncClientStreamingCall<BytesValue, BytesValue> call =
            client.CallInvoker.AsyncClientStreamingCall(TestMethods.Collect, null, default);

        await call.RequestStream.CompleteAsync();

        Assert.Equal("", (await call).Text());
    }

    [Fact]
    public async Task A_server_streams_to_a_reader_slower_than_itself()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);
        string[] sent = [.. Enumerable.Range(0, 500).Select(i => $"{i}")];
        using AsyncServerStreamingCall<BytesValue> call = Spread(client, string.Join(',', sent));

        List<string> received = [];
        while (await call.ResponseStream.MoveNext(Token))
        {
            received.Add(call.ResponseStream.Current.Text());
            await Task.Yield();
        }

        Assert.Equal(sent, received);
        Assert.False(await call.ResponseStream.MoveNext(Token));
    }

    [Fact]
    public async Task A_server_that_streams_nothing_ends_the_stream()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);
        using AsyncServerStreamingCall<BytesValue> call = Spread(client, "");

        Assert.False(await call.ResponseStream.MoveNext(Token));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_failure_of_a_stream_comes_after_what_was_sent_before_it()
    {
        await using TestServer server = new();
        server.Spread = async (_, answers, _) =>
        {
            await answers.WriteAsync(TestMethods.Bytes("one"));
            throw new GantryException(ErrorKind.DataLoss, "blob");
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        using AsyncServerStreamingCall<BytesValue> call = Spread(client, "x");

        Assert.True(await call.ResponseStream.MoveNext(Token));
        Assert.Equal("one", call.ResponseStream.Current.Text());
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));
        Assert.Equal(StatusCode.DataLoss, error.StatusCode);
        Assert.Equal("blob: data loss", error.Status.Detail);
    }

    [Fact]
    public async Task Both_sides_stream_in_turns()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);
        using AsyncDuplexStreamingCall<BytesValue, BytesValue> call =
            client.CallInvoker.AsyncDuplexStreamingCall(TestMethods.Chat, null, default);

        for (int i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(TestMethods.Bytes($"{i}"), Token);
            Assert.True(await call.ResponseStream.MoveNext(Token));
            Assert.Equal($"re: {i}", call.ResponseStream.Current.Text());
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Token));
    }

    [Fact]
    public async Task A_stream_that_nobody_reads_any_more_does_not_hold_up_other_calls()
    {
        TaskCompletionSource canceled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new();
        server.Spread = async (_, answers, context) =>
        {
            for (int i = 0; i < 1000; i++)
            {
                await answers.WriteAsync(TestMethods.Bytes(new string('x', 1000)));
            }
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        AsyncServerStreamingCall<BytesValue> call = Spread(client, "x");
        Assert.True(await call.ResponseStream.MoveNext(Token));

        call.Dispose();

        Assert.Equal("next", (await UnaryCallTests.CallAsync(client, "next")).Text());
        RpcException error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(Token))
            {
                // What had arrived before may be read still.
            }
        });
        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
    }

    [Fact]
    public async Task A_handler_that_leaves_early_does_not_hold_up_a_client_that_goes_on_sending()
    {
        await using TestServer server = new();
        server.Collect = (_, _) => Task.FromResult(TestMethods.Bytes("enough"));
        await using TtrpcClient client = await server.ConnectAsync(Token);
        using AsyncClientStreamingCall<BytesValue, BytesValue> call =
            client.CallInvoker.AsyncClientStreamingCall(TestMethods.Collect, null, default);

        try
        {
            for (int i = 0; i < 1000; i++)
            {
                await call.RequestStream.WriteAsync(TestMethods.Bytes("more"), Token);
            }
        }
        catch (RpcException ended)
        {
            Assert.Equal(StatusCode.OK, ended.StatusCode);
        }

        Assert.Equal("enough", (await call).Text());
        Assert.Equal("next", (await UnaryCallTests.CallAsync(client, "next")).Text());
    }

    [Fact]
    public async Task A_deadline_ends_a_stream_on_both_sides()
    {
        TaskCompletionSource canceled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new();
        server.Spread = async (_, _, context) =>
        {
            await using CancellationTokenRegistration registration = context.CancellationToken.Register(canceled.SetResult);
            await canceled.Task;

            // The server's clock must not be quicker to end it well than the client's is to give up.
            await seen.Task;
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        DateTime deadline = TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300);
        using AsyncServerStreamingCall<BytesValue> call = client.CallInvoker.AsyncServerStreamingCall(
            TestMethods.Spread, null, new CallOptions(deadline: deadline), TestMethods.Bytes("x"));

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));

        seen.SetResult();
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await canceled.Task.WaitAsync(Token);
    }

    [Fact]
    public async Task Streams_of_a_connection_that_goes_fail()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new(new TtrpcServerOptions { DrainTimeout = TimeSpan.Zero });
        server.Chat = async (requests, _, context) =>
        {
            entered.SetResult();
            await requests.MoveNext(context.CancellationToken);
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        using AsyncDuplexStreamingCall<BytesValue, BytesValue> call =
            client.CallInvoker.AsyncDuplexStreamingCall(TestMethods.Chat, null, default);
        await entered.Task.WaitAsync(Token);

        await client.DisposeAsync();

        RpcException read = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));
        RpcException write = await Assert.ThrowsAsync<RpcException>(
            () => call.RequestStream.WriteAsync(TestMethods.Bytes("x"), Token));
        Assert.Equal("ttrpc: closed", read.Status.Detail);
        Assert.Equal("ttrpc: closed", write.Status.Detail);
    }

    private static AsyncServerStreamingCall<BytesValue> Spread(TtrpcClient client, string text) =>
        client.CallInvoker.AsyncServerStreamingCall(TestMethods.Spread, null, default, TestMethods.Bytes(text));
}
