using System.Net.Sockets;
using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>
/// The client's end of a connection: hands out streams, sends frames, and runs the one loop that reads frames and gives
/// them to their calls.
/// </summary>
internal sealed class ClientConnection(Socket socket, TimeProvider timeProvider) : IAsyncDisposable
{
    // Completed when no frame is read any more; inline continuations would run on the reader.
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();

    // Guards what follows.
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, ClientCall> _calls = [];
    private uint _nextStreamId = 1;
    private bool _isClosed;

    private FrameWriter? _writer;
    private Task _reading = Task.CompletedTask;

    public TimeProvider TimeProvider { get; } = timeProvider;

    public Task Closed => _closed.Task;

    /// <summary>The failure that closed the connection, if one did.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Starts the loop that reads; it ends with the connection.</summary>
    public void Start()
    {
        _writer = new FrameWriter(socket, Close);
        _reading = RunAsync(_stop.Token);
    }

    /// <summary>Opens a stream with a request; the call is failed if that can't be done.</summary>
    public async ValueTask OpenAsync(ClientCall call, OutgoingFrame request)
    {
        try
        {
            if (!await _writer!.SendAsync(request, call, call.Ended))
            {
                call.TryFinish(Failures.Closed(Failure));
            }
        }
        catch (RpcException closed)
        {
            call.TryFinish(closed);
        }
        catch (OperationCanceledException)
        {
            // The call has ended already: that is what cancels this.
        }
    }

    /// <summary>Sends a further frame of a stream; false when the connection is gone.</summary>
    public ValueTask<bool> SendAsync(OutgoingFrame frame, CancellationToken cancellationToken) =>
        _writer!.SendAsync(frame, opening: null, cancellationToken);

    /// <summary>Lets go of a call that has ended; frames that still come for it are dropped.</summary>
    public void Forget(ClientCall call)
    {
        lock (_gate)
        {
            if (call.StreamId != 0)
            {
                _calls.Remove(call.StreamId);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Close(failure: null);
        await _reading;
        await _closed.Task;
    }

    /// <summary>Gives a call the next stream.</summary>
    /// <exception cref="RpcException">Unavailable: the connection is closed.</exception>
    public uint Register(ClientCall call)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                throw Failures.Closed(Failure);
            }

            if (_nextStreamId > uint.MaxValue - 2)
            {
                throw Failures.Of(StatusCode.Unavailable, "ttrpc: no streams left on this connection: unavailable");
            }

            call.StreamId = _nextStreamId;
            _nextStreamId += 2;
            if (!call.Ended.IsCancellationRequested)
            {
                _calls.Add(call.StreamId, call);
            }

            return call.StreamId;
        }
    }

    private async Task RunAsync(CancellationToken stop)
    {
        // Leave the caller's thread: the first read may complete at once.
        await Task.Yield();
        Exception? failure = null;
        try
        {
            await using NetworkStream stream = new(socket, ownsSocket: false);
            using FrameReader reader = new(stream);
            while (await reader.ReadAsync(stop) is { } frame)
            {
                if (Find(frame.StreamId) is { } call)
                {
                    await call.OnFrameAsync(frame);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closed by this side.
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException)
        {
            failure = broken;
        }
        finally
        {
            Close(failure);
            FailAll();
            socket.Dispose();
            _closed.TrySetResult();
        }
    }

    private ClientCall? Find(uint streamId)
    {
        lock (_gate)
        {
            return _calls.GetValueOrDefault(streamId);
        }
    }

    private void Close(Exception? failure)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            Failure = failure;
        }

        _stop.Cancel();
    }

    private void FailAll()
    {
        ClientCall[] open;
        lock (_gate)
        {
            open = [.. _calls.Values];
        }

        foreach (ClientCall call in open)
        {
            call.TryFinish(Failures.Closed(Failure));
        }
    }
}
