using System.Net.Sockets;
using Gantry.Api.Mapping;
using Gantry.Linux.Io;
using Google.Protobuf;
using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>
/// The server's end of a connection: the one loop that reads its frames, and the calls that it has started. Its owner
/// runs it and disposes it.
/// </summary>
internal sealed class ServerConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly ServiceTable _services;
    private readonly TtrpcServerOptions _options;
    private readonly FrameWriter _writer;
    private readonly CancellationTokenSource _closed = new();

    // Completed when the connection is disposed.
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards what follows.
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, ServerCall> _calls = [];
    private TaskCompletionSource? _idle;

    private uint _lastStreamId;

    public ServerConnection(Socket socket, ServiceTable services, TtrpcServerOptions options, PeerCredentials peer)
    {
        _socket = socket;
        _services = services;
        _options = options;
        Peer = peer;
        Closed = _closed.Token;
        _writer = new FrameWriter(socket, _ => _closed.Cancel());
    }

    public PeerCredentials Peer { get; }

    /// <summary>Cancelled when the connection is gone, or stops for good: nobody waits for the calls any more.</summary>
    public CancellationToken Closed { get; }

    /// <summary>Completes when the connection and all its calls have ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Serves until the peer goes or the token stops it; then waits for the calls that are open.</summary>
    /// <exception cref="IOException">The connection broke, or its peer sent what is no frame.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        bool stopped = false;
        using CancellationTokenSource reading = CancellationTokenSource.CreateLinkedTokenSource(stop, Closed);
        try
        {
            await using NetworkStream stream = new(_socket, ownsSocket: false);
            using FrameReader reader = new(stream);
            while (await reader.ReadAsync(reading.Token) is { } frame)
            {
                await OnFrameAsync(frame);
            }
        }
        catch (OperationCanceledException) when (reading.IsCancellationRequested)
        {
            stopped = stop.IsCancellationRequested && !Closed.IsCancellationRequested;
        }
        finally
        {
            await DrainAsync(stopped);
        }
    }

    /// <summary>Sends a frame; false when the connection is gone.</summary>
    public ValueTask<bool> SendAsync(OutgoingFrame frame) =>
        _writer.SendAsync(frame, opening: null, CancellationToken.None);

    /// <summary>Lets go of a call that has ended.</summary>
    public void Forget(ServerCall call)
    {
        lock (_gate)
        {
            _calls.Remove(call.StreamId);
            if (_calls.Count == 0)
            {
                _idle?.TrySetResult();
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _closed.Dispose();
        _ended.TrySetResult();
        return ValueTask.CompletedTask;
    }

    private async ValueTask OnFrameAsync(Frame frame)
    {
        try
        {
            if (frame.Header.IsOversized)
            {
                throw Failures.Oversized(frame.Header.Length);
            }

            if (frame.StreamId % 2 != 1)
            {
                throw Invalid("StreamID must be odd for client initiated streams");
            }

            switch (frame.Type)
            {
                case FrameType.Request:
                    Open(frame);
                    break;
                case FrameType.Data:
                    ServerCall call = Find(frame.StreamId) ?? throw Invalid("StreamID is no longer active");
                    await call.OnDataAsync(frame);
                    break;
                default:
                    // Types that are not known are for later versions of the protocol.
                    break;
            }
        }
        catch (RpcException refused)
        {
            await SendAsync(OutgoingFrame.Failure(frame.StreamId, refused.ToStatus()));
        }
    }

    private static RpcException Invalid(string text) => Failures.Of(StatusCode.InvalidArgument, text);

    private void Open(Frame frame)
    {
        if (frame.StreamId <= _lastStreamId)
        {
            throw Invalid("StreamID cannot be re-used and must increment");
        }

        _lastStreamId = frame.StreamId;
        Api.Ttrpc.Request request = ReadRequest(frame);
        ServerMethod method = _services.Find(request.Service, request.Method);
        ServerCall call = new(this, frame.StreamId, method, request, _options.TimeProvider);
        lock (_gate)
        {
            if (_calls.Count >= _options.MaxCallsPerConnection)
            {
                throw Failures.Of(
                    StatusCode.ResourceExhausted,
                    $"more than {_options.MaxCallsPerConnection} calls on one connection: resource exhausted");
            }

            _calls.Add(frame.StreamId, call);
        }

        // Its end is told to Forget, which DrainAsync waits for.
        call.Running = call.RunAsync();
    }

    private static Api.Ttrpc.Request ReadRequest(Frame frame)
    {
        try
        {
            return Api.Ttrpc.Request.Parser.ParseFrom(frame.Payload.Span);
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw Invalid($"unmarshal request error: {malformed.Message}");
        }
    }

    private ServerCall? Find(uint streamId)
    {
        lock (_gate)
        {
            return _calls.GetValueOrDefault(streamId);
        }
    }

    private async Task DrainAsync(bool graceful)
    {
        Task idle = IdleAsync();
        if (graceful)
        {
            try
            {
                await idle.WaitAsync(_options.DrainTimeout, _options.TimeProvider, Closed);
            }
            catch (Exception impatient) when (impatient is TimeoutException or OperationCanceledException)
            {
                // What still runs is cancelled now.
            }
        }

        // A writer that waits for a peer who does not read is let go by the shutdown.
        await _closed.CancelAsync();
        Shutdown();
        await idle;
    }

    private Task IdleAsync()
    {
        lock (_gate)
        {
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_calls.Count == 0)
            {
                _idle.SetResult();
            }

            return _idle.Task;
        }
    }

    private void Shutdown()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The peer was faster.
        }
    }
}
