using Gantry.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Gantry.Ttrpc.Tests;

public sealed class LimitTests
{
    private const int Limit = 4 * 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_of_exactly_4_MiB_passes_and_one_byte_more_is_refused()
    {
        await using TestServer server = new();
        server.Unary = (request, _) => Task.FromResult(TestMethods.Bytes($"{request.Value.Length}"));
        await using TtrpcClient client = await server.ConnectAsync(Token);
        int largest = LargestRequest();

        BytesValue answer = await CallAsync(client, largest);
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(client, largest + 1));

        Assert.Equal($"{largest}", answer.Text());
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal($"message length {Limit + 1} exceed maximum message size of {Limit}", error.Status.Detail);
        Assert.Equal("1", (await CallAsync(client, 1)).Text());
    }

    [Fact]
    public async Task An_answer_of_exactly_4_MiB_passes_and_one_byte_more_is_an_error()
    {
        int size = 0;
        await using TestServer server = new();
        server.Unary = (_, _) => Task.FromResult(Zeros(size));
        await using TtrpcClient client = await server.ConnectAsync(Token);

        // Two envelopes, each a tag and a length of four bytes.
        size = Limit - 10;
        BytesValue answer = await CallAsync(client, 1);
        size++;
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(client, 1));

        Assert.Equal(Limit - 10, answer.Value.Length);
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal($"message length {Limit + 1} exceed maximum message size of {Limit}", error.Status.Detail);
    }

    [Fact]
    public async Task A_message_that_no_frame_could_hold_is_refused_before_it_is_written()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(client, 64 * 1024 * 1024));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    [Fact]
    public async Task Metadata_that_no_frame_could_hold_is_refused()
    {
        await using TestServer server = new();
        await using TtrpcClient client = await server.ConnectAsync(Token);
        Metadata headers = new() { { "x", new string('v', Limit + 1) } };

        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => UnaryCallTests.CallAsync(client, "x", new CallOptions(headers)));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal("x", (await UnaryCallTests.CallAsync(client, "x")).Text());
    }

    [Fact]
    public async Task A_server_drains_a_frame_that_is_too_large_and_says_so_on_its_stream()
    {
        await using TestServer server = new();
        using RawPeer peer = await server.ConnectRawAsync(Token);

        await peer.WriteAsync(RawPeer.Frame(1, 1, 0, new byte[Limit + 1]), Token);
        (uint first, Api.Ttrpc.Response refused) = await peer.ReadResponseAsync(Token);
        await peer.WriteAsync(RawPeer.Request(3, "Unary", TestMethods.Bytes("x")), Token);
        (uint second, Api.Ttrpc.Response answer) = await peer.ReadResponseAsync(Token);

        Assert.Equal(1u, first);
        Assert.Equal((int)StatusCode.ResourceExhausted, refused.Status.Code);
        Assert.Equal($"message length {Limit + 1} exceed maximum message size of {Limit}", refused.Status.Message);
        Assert.Equal(3u, second);
        Assert.Equal("x", BytesValue.Parser.ParseFrom(answer.Payload).Text());
    }

    [Fact]
    public async Task An_error_whose_text_no_frame_could_hold_is_an_error_all_the_same()
    {
        await using TestServer server = new();
        server.Unary = (_, _) => throw new IOException(new string('x', Limit + 1));
        await using TtrpcClient client = await server.ConnectAsync(Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(client, 1));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    [Fact]
    public async Task Calls_beyond_the_limit_of_a_connection_are_refused()
    {
        TaskCompletionSource release = new();
        await using TestServer server = new(new TtrpcServerOptions { MaxCallsPerConnection = 2 });
        server.Unary = async (request, _) =>
        {
            await release.Task;
            return request;
        };
        await using TtrpcClient client = await server.ConnectAsync(Token);
        Task<BytesValue> first = CallAsync(client, 1);
        Task<BytesValue> second = CallAsync(client, 1);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(client, 1));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        release.SetResult();
        await Task.WhenAll(first, second);

        // The client may have its answers before the server has let go of the calls.
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    await CallAsync(client, 1);
                    return true;
                }
                catch (RpcException e) when (e.StatusCode is StatusCode.ResourceExhausted)
                {
                    return false;
                }
            },
            "there is room for a call again");
    }

    private static BytesValue Zeros(int count) => new() { Value = ByteString.CopyFrom(new byte[count]) };

    private static async Task<BytesValue> CallAsync(TtrpcClient client, int bytes) =>
        await client.CallInvoker.AsyncUnaryCall(TestMethods.Unary, null, default, Zeros(bytes));

    /// <summary>The most bytes in a request whose frame has a payload of exactly 4 MiB.</summary>
    private static int LargestRequest()
    {
        int guess = Limit - 100;
        int frame = new Api.Ttrpc.Request
        {
            Service = TestMethods.Service,
            Method = TestMethods.Unary.Name,
            Payload = Zeros(guess).ToByteString(),
        }.CalculateSize();
        return guess + Limit - frame;
    }
}
