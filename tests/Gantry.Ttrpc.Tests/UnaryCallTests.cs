using Gantry.Api.Mapping;
using Gantry.Core.Errors;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Gantry.Ttrpc.Tests;

public sealed class UnaryCallTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_comes_back_with_its_answer()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);

        Assert.Equal("hello", (await CallAsync(client, "hello")).Text());
        Assert.Equal("", (await CallAsync(client, "")).Text());
    }

    [Fact]
    public async Task A_thousand_calls_are_open_at_once_on_one_connection_and_each_gets_its_own_answer()
    {
        const int calls = 1000;
        int open = 0;
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new();
        server.Unary = async (request, _) =>
        {
            if (Interlocked.Increment(ref open) == calls)
            {
                all.SetResult();
            }

            await all.Task;
            return request;
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);

        BytesValue[] answers = await Task.WhenAll(
            Enumerable.Range(0, calls).Select(i => CallAsync(client, $"call {i}")));

        Assert.Equal(Enumerable.Range(0, calls).Select(i => $"call {i}"), answers.Select(answer => answer.Text()));
    }

    [Fact]
    public async Task A_quick_call_overtakes_a_slow_one()
    {
        TaskCompletionSource release = new();
        await using TestServer server = new();
        server.Unary = async (request, _) =>
        {
            if (request.Text() == "slow")
            {
                await release.Task;
            }

            return request;
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);

        Task<BytesValue> slow = CallAsync(client, "slow");
        BytesValue quick = await CallAsync(client, "quick");

        Assert.Equal("quick", quick.Text());
        Assert.False(slow.IsCompleted);
        release.SetResult();
        Assert.Equal("slow", (await slow).Text());
    }

    [Fact]
    public async Task Metadata_arrives_and_bytes_in_it_stay_bytes()
    {
        Metadata? seen = null;
        await using TestServer server = new();
        server.Unary = (request, context) =>
        {
            seen = context.RequestHeaders;
            return Task.FromResult(request);
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        Metadata headers = new() { { "containerd-namespace-ttrpc", "k8s.io" }, { "x-bin", [0, 255] } };

        await CallAsync(client, "x", new CallOptions(headers));

        Assert.Equal("k8s.io", seen!.GetValue("containerd-namespace-ttrpc"));
        Assert.Equal([0, 255], seen!.GetValueBytes("x-bin")!);
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task A_passed_deadline_ends_the_call_and_cancels_the_handler()
    {
        TaskCompletionSource canceled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DateTime deadline = default;
        await using TestServer server = new();
        server.Unary = async (request, context) =>
        {
            deadline = context.Deadline;
            await using CancellationTokenRegistration registration = context.CancellationToken.Register(canceled.SetResult);
            await canceled.Task;

            // The server's clock must not be quicker to end it well than the client's is to give up.
            await seen.Task;
            return request;
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        DateTime wanted = TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300);

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => CallAsync(client, "x", new CallOptions(deadline: wanted)));

        seen.SetResult();
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.Equal("context deadline exceeded", error.Status.Detail);
        await canceled.Task.WaitAsync(Token);
        Assert.InRange(deadline, wanted.AddSeconds(-1), wanted.AddSeconds(30));
    }

    [Fact]
    public async Task A_deadline_that_has_passed_already_sends_nothing()
    {
        bool called = false;
        await using TestServer server = new();
        server.Unary = (request, _) =>
        {
            called = request.Text() == "late";
            return Task.FromResult(request);
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => CallAsync(client, "late", new CallOptions(deadline: DateTime.UnixEpoch)));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await CallAsync(client, "next");
        Assert.False(called);
    }

    [Fact]
    public async Task A_far_deadline_is_no_hindrance()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);

        Assert.Equal("x", (await CallAsync(client, "x", new CallOptions(deadline: DateTime.MaxValue))).Text());
        Assert.Equal(
            "x",
            (await CallAsync(client, "x", new CallOptions(deadline: DateTime.MaxValue.AddDays(-1)))).Text());
    }

    [Fact]
    public async Task A_caller_that_gives_up_gets_its_error_at_once_and_the_connection_goes_on()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource release = new();
        await using TestServer server = new();
        server.Unary = async (request, _) =>
        {
            if (request.Text() == "slow")
            {
                entered.SetResult();
                await release.Task;
            }

            return request;
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        using CancellationTokenSource giveUp = new();
        Task<BytesValue> call = CallAsync(client, "slow", new CallOptions(cancellationToken: giveUp.Token));
        await entered.Task.WaitAsync(Token);

        await giveUp.CancelAsync();
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call);

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        Assert.Equal("context canceled", error.Status.Detail);
        release.SetResult();
        Assert.Equal("x", (await CallAsync(client, "x")).Text());
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_sends_nothing()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => CallAsync(client, "x", new CallOptions(cancellationToken: new CancellationToken(canceled: true))));

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
    }

    [Fact]
    public async Task An_error_of_the_contract_arrives_with_its_class_and_text()
    {
        await using TestServer server = new();
        server.Unary = (_, _) => throw new GantryException(ErrorKind.NotFound, "container \"c1\"");
        await using TtrpcClient client = await server.ConnectAsync(Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(client, "x"));
        GantryException read = ErrorMapping.FromRpcException(error);

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Equal("container \"c1\": not found", error.Status.Detail);
        Assert.Equal(ErrorKind.NotFound, read.Kind);
    }

    [Fact]
    public async Task Any_other_failure_of_a_handler_is_unknown_and_keeps_its_text()
    {
        await using TestServer server = new();
        server.Unary = (_, _) => throw new IOException("mount /x: device or resource busy");
        await using TtrpcClient client = await server.ConnectAsync(Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(client, "x"));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.Equal("mount /x: device or resource busy", error.Status.Detail);
    }

    [Fact]
    public async Task Details_of_an_error_arrive()
    {
        Google.Rpc.Status status = new()
        {
            Code = (int)StatusCode.Aborted,
            Message = "several things: aborted",
            Details = { new Any { TypeUrl = "a.b", Value = ByteString.CopyFromUtf8("c") } },
        };
        await using TestServer server = new();
        server.Unary = (_, _) => throw status.ToRpcException();
        await using TtrpcClient client = await server.ConnectAsync(Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(client, "x"));

        Assert.Equal(status, error.ToStatus());
    }

    [Fact]
    public async Task A_status_that_a_handler_sets_is_the_answer()
    {
        await using TestServer server = new();
        server.Unary = (request, context) =>
        {
            context.Status = new Status(StatusCode.OutOfRange, "offset 9: out of range");
            return Task.FromResult(request);
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(client, "x"));

        Assert.Equal(StatusCode.OutOfRange, error.StatusCode);
    }

    [Fact]
    public async Task What_is_not_served_is_unimplemented_in_the_words_of_ttrpc()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);

        RpcException service = await Assert.ThrowsAsync<RpcException>(
            () => CallAsync(client, "x", method: TestMethods.NoSuchService));
        RpcException method = await Assert.ThrowsAsync<RpcException>(
            () => CallAsync(client, "x", method: TestMethods.NoSuchMethod));

        Assert.Equal(StatusCode.Unimplemented, service.StatusCode);
        Assert.Equal("service gantry.test.v1.Nope", service.Status.Detail);
        Assert.Equal(StatusCode.Unimplemented, method.StatusCode);
        Assert.Equal("method Nope", method.Status.Detail);
    }

    [Fact]
    public async Task The_handler_knows_who_calls_which_method()
    {
        string called = "";
        Linux.Io.PeerCredentials? peer = null;
        await using TestServer server = new();
        server.Unary = (request, context) =>
        {
            called = context.Method;
            peer = context.PeerCredentials();
            return Task.FromResult(request);
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);

        await CallAsync(client, "x");

        Assert.Equal("/gantry.test.v1.Test/Unary", called);
        Assert.Equal(Linux.Io.PeerCredentials.Self, peer);
    }

    [Fact]
    public async Task A_call_tells_its_status_and_trailers_when_it_has_ended()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);

        using AsyncUnaryCall<BytesValue> call = client.CallInvoker.AsyncUnaryCall(
            TestMethods.Unary, null, default, TestMethods.Bytes("x"));
        await call.ResponseAsync;

        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Empty(call.GetTrailers());
        Assert.Empty(await call.ResponseHeadersAsync);
    }

    internal static async Task<BytesValue> CallAsync(
        TtrpcClient client,
        string text,
        CallOptions options = default,
        Method<BytesValue, BytesValue>? method = null) =>
        await client.CallInvoker.AsyncUnaryCall(
            method ?? TestMethods.Unary,
            host: null,
            options,
            TestMethods.Bytes(text));
}
