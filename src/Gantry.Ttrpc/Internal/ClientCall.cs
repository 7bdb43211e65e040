using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>One call of a client: what the reader of the connection and whoever gives up on the call need of it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "TryFinish disposes what needs it; each call ends once.")]
internal abstract class ClientCall(ClientConnection connection)
{
    private static readonly Metadata NoMetadata = [];

    // Not disposed: it has no timer and no link, and its token may be asked for after the end.
    private readonly CancellationTokenSource _ended = new();

    private CancellationTokenSource? _deadline;
    private CancellationTokenRegistration _deadlineRegistration;
    private CancellationTokenRegistration _callerRegistration;
    private int _finished;

    /// <summary>The stream; 0 until it is opened. Set by the connection.</summary>
    public uint StreamId { get; set; }

    /// <summary>How the call ended; null while it runs.</summary>
    public RpcException? Failure { get; private set; }

    /// <summary>Cancelled when the call has ended, in whatever way.</summary>
    public CancellationToken Ended => _ended.Token;

    protected ClientConnection Connection { get; } = connection;

    /// <summary>Takes a frame of this call. The payload is only valid until the returned task completes.</summary>
    public abstract ValueTask OnFrameAsync(Frame frame);

    /// <summary>Opens the stream of this call, as its request is about to be sent.</summary>
    public uint OpenStream() => Connection.Register(this);

    /// <summary>Ends the call, if nothing has ended it before.</summary>
    /// <param name="failure">Why; null when it went well.</param>
    /// <returns>Whether this ended it.</returns>
    public bool TryFinish(RpcException? failure)
    {
        if (Interlocked.Exchange(ref _finished, 1) != 0)
        {
            return false;
        }

        Failure = failure;
        Connection.Forget(this);
        _callerRegistration.Unregister();
        _deadlineRegistration.Unregister();
        _deadline?.Dispose();
        OnFinished(failure);
        _ended.Cancel();
        return true;
    }

    /// <summary>The status, once the call has ended.</summary>
    public Status Status() =>
        Volatile.Read(ref _finished) == 0
            ? throw new InvalidOperationException("the call has not ended yet")
            : Failure?.Status ?? Grpc.Core.Status.DefaultSuccess;

    /// <summary>The trailers, once the call has ended: details of an error.</summary>
    public Metadata Trailers() => Failure?.Trailers ?? NoMetadata;

    /// <summary>Gives the call up, as far as it is still running.</summary>
    public void Cancel() => TryFinish(Failures.Canceled());

    /// <summary>Ends the call when the caller gives up or its deadline passes.</summary>
    /// <returns>Nanoseconds to the deadline; 0 when there is none.</returns>
    protected long Watch(CallOptions options)
    {
        long nanoseconds = 0;
        if (options.Deadline is { } deadline && deadline != DateTime.MaxValue)
        {
            TimeSpan left = deadline.ToUniversalTime() - Connection.TimeProvider.GetUtcNow().UtcDateTime;
            if (left <= TimeSpan.Zero)
            {
                TryFinish(Failures.DeadlineExceeded());
                return 0;
            }

            nanoseconds = left.Ticks > long.MaxValue / 100 ? long.MaxValue : left.Ticks * 100;
            if (left.TotalMilliseconds < int.MaxValue)
            {
                _deadline = new CancellationTokenSource(left, Connection.TimeProvider);
                _deadlineRegistration = _deadline.Token.UnsafeRegister(
                    static call => ((ClientCall)call!).TryFinish(Failures.DeadlineExceeded()),
                    this);
            }
        }

        _callerRegistration = options.CancellationToken.UnsafeRegister(
            static call => ((ClientCall)call!).Cancel(),
            this);
        if (Ended.IsCancellationRequested)
        {
            // The deadline passed, or the caller gave up, while this was setting up what TryFinish lets go of.
            _callerRegistration.Unregister();
        }

        return nanoseconds;
    }

    /// <summary>Tells whoever waits for the call.</summary>
    protected abstract void OnFinished(RpcException? failure);

    /// <summary>Reads the envelope of an answer.</summary>
    /// <exception cref="RpcException">The answer is an error, or can't be read.</exception>
    protected static ByteString ReadResponse(Frame frame)
    {
        Api.Ttrpc.Response response;
        try
        {
            response = Api.Ttrpc.Response.Parser.ParseFrom(frame.Payload.Span);
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw Failures.Protocol("response can't be read", malformed);
        }

        return response.Status is { Code: not 0 } status
            ? throw Api.Mapping.ErrorMapping.ToRpcException(status)
            : response.Payload;
    }
}
