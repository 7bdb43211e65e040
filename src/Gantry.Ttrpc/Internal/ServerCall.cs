using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gantry.Api.Mapping;
using Gantry.Core.Tracing;
using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>One call that a server runs.</summary>
[SuppressMessage("Design", "CA1001", Justification = "RunAsync disposes it; each call runs once.")]
internal sealed class ServerCall
{
    /// <summary>Messages kept for a slow handler; then the connection waits for it, as ttrpc has no flow control.</summary>
    private const int MaxUnread = 64;

    private readonly ServerConnection _connection;
    private readonly ServerMethod _method;
    private readonly CancellationTokenSource? _deadline;
    private readonly Channel<ReadOnlyMemory<byte>>? _incoming;
    private readonly ReadOnlyMemory<byte> _request;

    public ServerCall(
        ServerConnection connection,
        uint streamId,
        ServerMethod method,
        Api.Ttrpc.Request request,
        TimeProvider timeProvider)
    {
        _connection = connection;
        StreamId = streamId;
        _method = method;
        _request = request.Payload.Memory;
        CancellationToken token = connection.Closed;
        DateTime deadline = DateTime.MaxValue;
        if (request.TimeoutNano != 0)
        {
            TimeSpan left = TimeSpan.FromTicks(Math.Max(request.TimeoutNano / 100, 0));
            DateTime now = timeProvider.GetUtcNow().UtcDateTime;
            deadline = left < DateTime.MaxValue - now
                ? now + left
                : DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc);
            if (left.TotalMilliseconds < int.MaxValue)
            {
                _deadline = new CancellationTokenSource(left, timeProvider);
                Linked = CancellationTokenSource.CreateLinkedTokenSource(token, _deadline.Token);
                token = Linked.Token;
            }
        }

        Context = new ServerContext(method.FullName, connection.Peer, deadline, request.Metadata, token);
        if (method.ClientStreams)
        {
            _incoming = Channel.CreateBounded<ReadOnlyMemory<byte>>(
                new BoundedChannelOptions(MaxUnread) { SingleReader = true, SingleWriter = true });

            // A first message may come with the request; an empty one can't be told from none.
            if (!_request.IsEmpty)
            {
                _incoming.Writer.TryWrite(_request);
            }
        }
    }

    public uint StreamId { get; }

    public ServerContext Context { get; }

    /// <summary>Messages of the client's stream.</summary>
    public ChannelReader<ReadOnlyMemory<byte>> Incoming =>
        _incoming?.Reader ?? throw new InvalidOperationException("the method has no stream of requests");

    /// <summary>The call as it runs; it does not fail.</summary>
    public Task Running { get; set; } = Task.CompletedTask;

    private CancellationTokenSource? Linked { get; }

    private bool DeadlinePassed => _deadline is { IsCancellationRequested: true };

    /// <summary>Runs the handler and answers. It does not fail.</summary>
    public async Task RunAsync()
    {
        // Leave the connection's reader, which has other calls to read.
        await Task.Yield();
        using Activity? span = Traces.Enabled && Context.RequestHeaders.GetValue(Traces.Header) is { } parent
            ? Traces.StartServer(_method.FullName, parent)
            : null;
        try
        {
            await _method.RunAsync(this);
        }
#pragma warning disable CA1031 // The boundary of a service: every failure of a handler is an answer to its client.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Traces.Fail(span, failure.Message);
            await FailAsync(failure.ToStatus(DeadlinePassed));
        }
        finally
        {
            // A reader of the connection that waits for room must not wait for ever.
            _incoming?.Writer.TryComplete();
            Linked?.Dispose();
            _deadline?.Dispose();
            _connection.Forget(this);
        }
    }

    /// <summary>Takes a frame of the client's stream. The payload is only valid until the returned task completes.</summary>
    public async ValueTask OnDataAsync(Frame frame)
    {
        if (_incoming is null)
        {
            await FailAsync(Status("data handling error: the method has no stream of requests"));
            return;
        }

        if (!frame.Has(FrameFlags.NoData) && !await TryEnqueueAsync(frame.Payload.ToArray()))
        {
            return;
        }

        if (frame.Has(FrameFlags.RemoteClosed))
        {
            _incoming.Writer.TryComplete();
        }
    }

    /// <summary>Reads the one request of a call whose client does not stream.</summary>
    public T ReadRequest<T>(Marshaller<T> marshaller) =>
        IncomingPayload.Read(marshaller, _request, StatusCode.InvalidArgument);

    /// <summary>Answers a call whose server does not stream.</summary>
    public async Task RespondAsync<T>(Marshaller<T> marshaller, T message)
    {
        if (Context.Status.StatusCode != StatusCode.OK)
        {
            throw new RpcException(Context.Status, Context.ResponseTrailers);
        }

        await _connection.SendAsync(OutgoingFrame.Response(StreamId, marshaller, message));
    }

    /// <summary>Sends a message of the server's stream.</summary>
    public async Task SendDataAsync<T>(Marshaller<T> marshaller, T message)
    {
        if (!await _connection.SendAsync(OutgoingFrame.Data(StreamId, marshaller, message)))
        {
            throw Failures.Closed();
        }
    }

    /// <summary>Ends the server's stream.</summary>
    public async Task EndAsync()
    {
        if (Context.Status.StatusCode != StatusCode.OK)
        {
            throw new RpcException(Context.Status, Context.ResponseTrailers);
        }

        await _connection.SendAsync(OutgoingFrame.End(StreamId));
    }

    private static Google.Rpc.Status Status(string text) =>
        new() { Code = (int)StatusCode.InvalidArgument, Message = text };

    private async ValueTask<bool> TryEnqueueAsync(byte[] payload)
    {
        try
        {
            await _incoming!.Writer.WriteAsync(payload, _connection.Closed);
            return true;
        }
        catch (ChannelClosedException)
        {
            // The handler has ended, or the client goes on after it said that it would not.
            return false;
        }
    }

    private async Task FailAsync(Google.Rpc.Status status) =>
        await _connection.SendAsync(FailureFrame(status));

    private OutgoingFrame FailureFrame(Google.Rpc.Status status)
    {
        try
        {
            return OutgoingFrame.Failure(StreamId, status);
        }
        catch (RpcException oversized)
        {
            // Details or text that no frame can hold.
            return OutgoingFrame.Failure(StreamId, oversized.ToStatus());
        }
    }
}
