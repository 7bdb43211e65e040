using System.Net.Sockets;
using Gantry.Api.Ttrpc;
using Gantry.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Gantry.Ttrpc.Tests;

/// <summary>Peers that are right in unusual ways, and peers that are wrong.</summary>
public sealed class ProtocolTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_sends_what_a_Go_server_expects()
    {
        using TempDirectory directory = new();
        using Socket listener = TtrpcAddress.Parse(directory["s"]).Listen();
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(directory["s"], Token);
        using RawPeer peer = new(await listener.AcceptAsync(Token));
        Metadata headers = new() { { "containerd-namespace-ttrpc", "default" } };
        CallOptions options = new(headers, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));

        Task<BytesValue> call = UnaryCallTests.CallAsync(client, "hello", options);
        (uint streamId, byte type, byte flags, byte[] payload) = await peer.ReadAsync(Token);
        Request request = Request.Parser.ParseFrom(payload);
        await peer.WriteAsync(
            RawPeer.Frame(1, 2, 0, new Response { Payload = TestMethods.Bytes("re").ToByteString() }.ToByteArray()),
            Token);

        Assert.Equal("re", (await call).Text());
        Assert.Equal(1u, streamId);
        Assert.Equal(1, type);
        Assert.Equal(0, flags);
        Assert.Equal(TestMethods.Service, request.Service);
        Assert.Equal("Unary", request.Method);
        Assert.Equal("hello", BytesValue.Parser.ParseFrom(request.Payload).Text());
        Assert.InRange(request.TimeoutNano, 50_000_000_000, 60_000_000_000);
        Assert.Equal(new KeyValue { Key = "containerd-namespace-ttrpc", Value = "default" }, Assert.Single(request.Metadata));
    }

    [Theory]
    [InlineData("Spread", 1)]
    [InlineData("Chat", 2)]
    [InlineData("Collect", 2)]
    public async Task The_request_of_a_stream_says_whether_data_follows(string method, byte expected)
    {
        using TempDirectory directory = new();
        using Socket listener = TtrpcAddress.Parse(directory["s"]).Listen();
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(directory["s"], Token);
        using RawPeer peer = new(await listener.AcceptAsync(Token));
        CallInvoker invoker = client.CallInvoker;

        using IDisposable call = method switch
        {
            "Spread" => invoker.AsyncServerStreamingCall(TestMethods.Spread, null, default, TestMethods.Bytes("x")),
            "Chat" => invoker.AsyncDuplexStreamingCall(TestMethods.Chat, null, default),
            _ => invoker.AsyncClientStreamingCall(TestMethods.Collect, null, default),
        };
        (_, byte type, byte flags, byte[] payload) = await peer.ReadAsync(Token);

        Assert.Equal(1, type);
        Assert.Equal(expected, flags);
        Assert.Equal(method, Request.Parser.ParseFrom(payload).Method);
    }

    [Fact]
    public async Task Frames_may_come_in_any_pieces()
    {
        await using TestServer server = new();
        using RawPeer peer = await server.ConnectRawAsync(Token);
        byte[] two =
        [
            .. RawPeer.Request(1, "Unary", TestMethods.Bytes("one")),
            .. RawPeer.Request(3, "Unary", TestMethods.Bytes(new string('2', 9000))),
        ];

        foreach (byte[] piece in two.Take(200).Select(b => new[] { b }).Append(two[200..]))
        {
            await peer.WriteAsync(piece, Token);
        }

        (uint, Response)[] answers = [await peer.ReadResponseAsync(Token), await peer.ReadResponseAsync(Token)];
        Assert.Equal([1u, 3u], answers.Select(answer => answer.Item1).Order());
        Assert.All(answers, answer => Assert.Null(answer.Item2.Status));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(255)]
    public async Task A_unary_request_is_answered_whatever_its_flags(byte flags)
    {
        await using TestServer server = new();
        using RawPeer peer = await server.ConnectRawAsync(Token);

        await peer.WriteAsync(RawPeer.Request(1, "Unary", TestMethods.Bytes("x"), flags), Token);

        (_, Response response) = await peer.ReadResponseAsync(Token);
        Assert.Equal("x", BytesValue.Parser.ParseFrom(response.Payload).Text());
    }

    [Fact]
    public async Task A_server_answers_a_stream_with_data_and_ends_it()
    {
        await using TestServer server = new();
        using RawPeer peer = await server.ConnectRawAsync(Token);

        await peer.WriteAsync(RawPeer.Request(1, "Spread", TestMethods.Bytes("a"), flags: 1), Token);
        (uint first, byte firstType, byte firstFlags, byte[] data) = await peer.ReadAsync(Token);
        (uint last, byte lastType, byte lastFlags, byte[] none) = await peer.ReadAsync(Token);

        Assert.Equal((1u, (byte)3, (byte)0), (first, firstType, firstFlags));
        Assert.Equal("a", BytesValue.Parser.ParseFrom(data).Text());
        Assert.Equal((1u, (byte)3, (byte)5), (last, lastType, lastFlags));
        Assert.Empty(none);
    }

    [Fact]
    public async Task The_last_message_of_a_stream_may_come_with_its_end()
    {
        await using TestServer server = new();
        using RawPeer peer = await server.ConnectRawAsync(Token);

        await peer.WriteAsync(RawPeer.Request(1, "Collect", TestMethods.Bytes("a"), flags: 2), Token);
        await peer.WriteAsync(RawPeer.Frame(1, 3, 0, TestMethods.Bytes("b").ToByteArray()), Token);
        await peer.WriteAsync(RawPeer.Frame(1, 3, 1, TestMethods.Bytes("c").ToByteArray()), Token);

        (_, Response response) = await peer.ReadResponseAsync(Token);
        Assert.Equal("a,b,c", BytesValue.Parser.ParseFrom(response.Payload).Text());
    }

    [Fact]
    public async Task Streams_must_be_odd_and_rise()
    {
        await using TestServer server = new();
        using RawPeer peer = await server.ConnectRawAsync(Token);

        await AssertRefusedAsync(
            peer, RawPeer.Request(2, "Unary"), 2, "StreamID must be odd for client initiated streams");
        await peer.WriteAsync(RawPeer.Request(7, "Unary"), Token);
        await peer.ReadResponseAsync(Token);
        await AssertRefusedAsync(
            peer, RawPeer.Request(7, "Unary"), 7, "StreamID cannot be re-used and must increment");
        await AssertRefusedAsync(
            peer, RawPeer.Request(5, "Unary"), 5, "StreamID cannot be re-used and must increment");
        await AssertRefusedAsync(peer, RawPeer.Frame(9, 3, 0, [1]), 9, "StreamID is no longer active");
        await peer.WriteAsync(RawPeer.Request(9, "Unary", TestMethods.Bytes("x")), Token);
        Assert.Equal(9u, (await peer.ReadResponseAsync(Token)).StreamId);
    }

    [Fact]
    public async Task An_envelope_or_a_message_that_can_not_be_read_is_an_invalid_argument()
    {
        await using TestServer server = new();
        using RawPeer peer = await server.ConnectRawAsync(Token);
        Request request = new()
        {
            Service = TestMethods.Service,
            Method = "Unary",
            Payload = ByteString.CopyFrom(0x0a, 0x7f),
        };

        await AssertRefusedAsync(peer, RawPeer.Frame(1, 1, 0, [0x0a, 0x7f]), 1, "unmarshal request error: ");
        await AssertRefusedAsync(
            peer, RawPeer.Frame(3, 1, 0, request.ToByteArray()), 3, "ttrpc: message can't be read: ");
    }

    [Fact]
    public async Task Data_for_a_method_without_a_stream_is_refused()
    {
        TaskCompletionSource release = new();
        await using TestServer server = new();
        server.Unary = async (request, _) =>
        {
            await release.Task;
            return request;
        };
        using RawPeer peer = await server.ConnectRawAsync(Token);
        await peer.WriteAsync(RawPeer.Request(1, "Unary", flags: 2), Token);

        await AssertRefusedAsync(peer, RawPeer.Frame(1, 3, 0, [1]), 1, "data handling error: ");
        release.SetResult();
    }

    [Fact]
    public async Task A_timeout_that_is_negative_has_passed_and_one_that_is_huge_has_not()
    {
        await using TestServer server = new();
        server.Unary = async (request, context) =>
        {
            if (request.Text() == "wait")
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }

            return request;
        };
        using RawPeer peer = await server.ConnectRawAsync(Token);
        Request request = new()
        {
            Service = TestMethods.Service,
            Method = "Unary",
            Payload = TestMethods.Bytes("wait").ToByteString(),
            TimeoutNano = -1,
        };

        await peer.WriteAsync(RawPeer.Frame(1, 1, 0, request.ToByteArray()), Token);
        (_, Response late) = await peer.ReadResponseAsync(Token);
        request.TimeoutNano = long.MaxValue;
        request.Payload = TestMethods.Bytes("x").ToByteString();
        await peer.WriteAsync(RawPeer.Frame(3, 1, 0, request.ToByteArray()), Token);
        (_, Response answer) = await peer.ReadResponseAsync(Token);

        Assert.Equal((int)StatusCode.DeadlineExceeded, late.Status.Code);
        Assert.Null(answer.Status);
    }

    [Fact]
    public async Task Metadata_that_gRPC_has_no_place_for_is_left_out()
    {
        Metadata? seen = null;
        await using TestServer server = new();
        server.Unary = (value, context) =>
        {
            seen = context.RequestHeaders;
            return Task.FromResult(value);
        };
        using RawPeer peer = await server.ConnectRawAsync(Token);
        Request request = new() { Service = TestMethods.Service, Method = "Unary" };
        foreach ((string key, string value) in new[]
        {
            ("", "empty"), ("a b", "blank"), ("é", "accent"), ("x-bin", "no base64!"), ("Good", "1"), ("good", "2"),
        })
        {
            request.Metadata.Add(new KeyValue { Key = key, Value = value });
        }

        await peer.WriteAsync(RawPeer.Frame(1, 1, 0, request.ToByteArray()), Token);
        await peer.ReadResponseAsync(Token);

        Assert.Equal(["1", "2"], seen!.GetAll("good").Select(entry => entry.Value));
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task Frames_of_kinds_that_are_not_known_are_passed_over()
    {
        await using TestServer server = new();
        using RawPeer peer = await server.ConnectRawAsync(Token);

        await peer.WriteAsync(RawPeer.Frame(1, 2, 0, [1, 2, 3]), Token);
        await peer.WriteAsync(RawPeer.Frame(1, 77, 255, [1, 2, 3]), Token);
        await peer.WriteAsync(RawPeer.Request(1, "Unary"), Token);

        Assert.Equal(1u, (await peer.ReadResponseAsync(Token)).StreamId);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(20)]
    public async Task A_connection_that_ends_inside_a_frame_is_closed_and_others_live_on(int length)
    {
        await using TestServer server = new();
        await using TtrpcClient other = await server.ConnectAsync(Token);
        RawPeer peer = await server.ConnectRawAsync(Token);

        await peer.WriteAsync(RawPeer.Request(1, "Unary", TestMethods.Bytes("hello"))[..length], Token);
        peer.Dispose();

        Assert.Equal("x", (await UnaryCallTests.CallAsync(other, "x")).Text());
        Assert.IsType<EndOfStreamException>(await server.Failures.Reader.ReadAsync(Token));
    }

    [Fact]
    public async Task Garbage_harms_nobody_but_its_sender()
    {
        await using TestServer server = new();
        await using TtrpcClient other = await server.ConnectAsync(Token);
        Random random = new(11);

        for (int i = 0; i < 200; i++)
        {
            using RawPeer peer = await server.ConnectRawAsync(Token);
            byte[] garbage = new byte[random.Next(1, 400)];
            random.NextBytes(garbage);
            garbage[0] = (byte)(i % 2 == 0 ? 0 : garbage[0]);
            garbage[Math.Min(1, garbage.Length - 1)] = 0;
            await peer.WriteAsync(garbage, Token);
        }

        Assert.Equal("x", (await UnaryCallTests.CallAsync(other, "x")).Text());
    }

    [Fact]
    public async Task A_client_survives_frames_that_nobody_waits_for()
    {
        using TempDirectory directory = new();
        using Socket listener = TtrpcAddress.Parse(directory["s"]).Listen();
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(directory["s"], Token);
        using RawPeer peer = new(await listener.AcceptAsync(Token));

        await peer.WriteAsync(RawPeer.Frame(99, 2, 0, [1]), Token);
        await peer.WriteAsync(RawPeer.Frame(0, 3, 255, [1]), Token);
        Task<BytesValue> call = UnaryCallTests.CallAsync(client, "x");
        await peer.ReadAsync(Token);
        await peer.WriteAsync(RawPeer.Frame(1, 2, 0, []), Token);

        Assert.Equal("", (await call).Text());
    }

    [Theory]
    [InlineData(2, new byte[] { 0x0a, 0x7f }, "ttrpc: response can't be read: protocol error")]
    [InlineData(2, new byte[] { 0x12, 0x02, 0x0a, 0x7f }, "ttrpc: message can't be read: ")]
    [InlineData(3, new byte[] { 1 }, "ttrpc: a stream's data for a call that has none: protocol error")]
    public async Task An_answer_that_is_none_fails_its_call_alone(byte type, byte[] payload, string expected)
    {
        using TempDirectory directory = new();
        using Socket listener = TtrpcAddress.Parse(directory["s"]).Listen();
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(directory["s"], Token);
        using RawPeer peer = new(await listener.AcceptAsync(Token));
        Task<BytesValue> call = UnaryCallTests.CallAsync(client, "x");
        await peer.ReadAsync(Token);

        await peer.WriteAsync(RawPeer.Frame(1, type, 0, payload), Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal(StatusCode.Internal, error.StatusCode);
        Assert.StartsWith(expected, error.Status.Detail, StringComparison.Ordinal);
        Task<BytesValue> next = UnaryCallTests.CallAsync(client, "x");
        (uint streamId, _, _, _) = await peer.ReadAsync(Token);
        await peer.WriteAsync(RawPeer.Frame(streamId, 2, 0, []), Token);
        await next;
    }

    [Fact]
    public async Task A_client_drains_an_answer_that_is_too_large()
    {
        using TempDirectory directory = new();
        using Socket listener = TtrpcAddress.Parse(directory["s"]).Listen();
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(directory["s"], Token);
        using RawPeer peer = new(await listener.AcceptAsync(Token));
        Task<BytesValue> large = UnaryCallTests.CallAsync(client, "x");
        Task<BytesValue> small = UnaryCallTests.CallAsync(client, "y");
        await peer.ReadAsync(Token);
        await peer.ReadAsync(Token);

        await peer.WriteAsync(RawPeer.Frame(1, 2, 0, new byte[(4 << 20) + 1]), Token);
        await peer.WriteAsync(RawPeer.Frame(3, 2, 0, []), Token);

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => large);
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        await small;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(12)]
    public async Task A_server_that_goes_in_the_middle_of_an_answer_closes_the_client(int length)
    {
        using TempDirectory directory = new();
        using Socket listener = TtrpcAddress.Parse(directory["s"]).Listen();
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(directory["s"], Token);
        RawPeer peer = new(await listener.AcceptAsync(Token));
        Task<BytesValue> call = UnaryCallTests.CallAsync(client, "x");
        await peer.ReadAsync(Token);

        await peer.WriteAsync(RawPeer.Frame(1, 2, 0, new byte[100])[..length], Token);
        peer.Dispose();

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal("ttrpc: closed", error.Status.Detail);
        await client.Closed.WaitAsync(Token);
        Assert.Equal(length > 0, client.Failure is EndOfStreamException);
    }

    [Fact]
    public async Task A_caller_can_give_up_on_a_peer_that_does_not_read()
    {
        using TempDirectory directory = new();
        using Socket listener = TtrpcAddress.Parse(directory["s"]).Listen();
        await using TtrpcClient client = await TtrpcClient.ConnectAsync(directory["s"], Token);
        using RawPeer peer = new(await listener.AcceptAsync(Token));
        string large = new('x', 1 << 20);
        CallOptions options = new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(200));

        Task<BytesValue>[] calls = [.. Enumerable.Range(0, 4).Select(_ => UnaryCallTests.CallAsync(client, large, options))];

        foreach (Task<BytesValue> call in calls)
        {
            RpcException error = await Assert.ThrowsAsync<RpcException>(() => call);
            Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        }
    }

    private static async Task AssertRefusedAsync(RawPeer peer, byte[] frame, uint streamId, string text)
    {
        await peer.WriteAsync(frame, Token);
        (uint answered, Response response) = await peer.ReadResponseAsync(Token);
        Assert.Equal(streamId, answered);
        Assert.Equal((int)StatusCode.InvalidArgument, response.Status.Code);
        Assert.StartsWith(text, response.Status.Message, StringComparison.Ordinal);
    }
}
