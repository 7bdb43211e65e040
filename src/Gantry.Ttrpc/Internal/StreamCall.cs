using System.Threading.Channels;
using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>A call with a stream of requests, of answers, or both.</summary>
internal sealed class StreamCall<TRequest, TResponse>(
    ClientConnection connection,
    Method<TRequest, TResponse> method)
    : ClientCall(connection), IClientStreamWriter<TRequest>, IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    /// <summary>Messages kept for a slow reader; then the connection waits for it, as ttrpc has no flow control.</summary>
    private const int MaxUnread = 64;

    private readonly Channel<TResponse> _incoming = Channel.CreateBounded<TResponse>(
        new BoundedChannelOptions(MaxUnread) { SingleReader = true, SingleWriter = true });

    private readonly TaskCompletionSource<TResponse> _response =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task _opened = Task.CompletedTask;
    private TResponse? _received;
    private TResponse? _current;
    private bool _completed;

    /// <summary>The answer of a call whose server does not stream.</summary>
    public Task<TResponse> ResponseAsync => _response.Task;

    public TResponse Current => _current ?? throw new InvalidOperationException("MoveNext has not returned true yet");

    public WriteOptions? WriteOptions { get; set; }

    private bool ClientStreams => method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming;

    private bool ServerStreams => method.Type is MethodType.ServerStreaming or MethodType.DuplexStreaming;

    /// <summary>Opens the stream.</summary>
    /// <param name="options">Deadline, metadata and token.</param>
    /// <param name="request">The request, when the client does not stream.</param>
    public void Start(CallOptions options, TRequest? request)
    {
        // Whoever waits for the answers waits for the answer as well; one of the two is not looked at.
        _ = _response.Task.ContinueWith(
            static ended => ended.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        long timeout = Watch(options);
        if (!Ended.IsCancellationRequested)
        {
            _opened = OpenAsync(options, request, timeout);
        }
    }

    public async Task WriteAsync(TRequest message)
    {
        await _opened;
        ThrowIfEnded();
        if (_completed)
        {
            throw new InvalidOperationException("the stream of requests is complete");
        }

        await SendAsync(OutgoingFrame.Data(StreamId, method.RequestMarshaller, message), Ended);
    }

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static call => ((ClientCall)call!).Cancel(),
            this);
        await WriteAsync(message);
    }

    public async Task CompleteAsync()
    {
        await _opened;
        if (!_completed && !Ended.IsCancellationRequested)
        {
            _completed = true;
            await SendAsync(OutgoingFrame.End(StreamId), Ended);
        }
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static call => ((ClientCall)call!).Cancel(),
            this);
        while (await _incoming.Reader.WaitToReadAsync(CancellationToken.None))
        {
            if (_incoming.Reader.TryRead(out _current))
            {
                return true;
            }
        }

        return false;
    }

    public override async ValueTask OnFrameAsync(Frame frame)
    {
        try
        {
            if (frame.Header.IsOversized)
            {
                throw Failures.Oversized(frame.Header.Length);
            }

            if (frame.Type == FrameType.Response)
            {
                await OnResponseAsync(frame);
            }
            else
            {
                await OnDataAsync(frame);
            }
        }
        catch (RpcException failure)
        {
            TryFinish(failure);
        }
        catch (ChannelClosedException)
        {
            // The call has ended meanwhile; nobody wants the message.
        }
    }

    protected override void OnFinished(RpcException? failure)
    {
        _incoming.Writer.TryComplete(failure);
        if (failure is not null)
        {
            _response.TrySetException(failure);
        }
        else if (_received is not null)
        {
            _response.TrySetResult(_received);
        }
        else
        {
            _response.TrySetCanceled();
        }
    }

    private async Task OpenAsync(CallOptions options, TRequest? request, long timeout)
    {
        try
        {
            OutgoingFrame frame = OutgoingFrame.Request(
                method.ServiceName,
                method.Name,
                method.RequestMarshaller,
                request,
                timeout,
                options.Headers,
                ClientStreams ? FrameFlags.RemoteOpen : FrameFlags.RemoteClosed);
            await Connection.OpenAsync(this, frame);
        }
        catch (RpcException failure)
        {
            TryFinish(failure);
        }
    }

    private async Task SendAsync(OutgoingFrame frame, CancellationToken ended)
    {
        try
        {
            if (!await Connection.SendAsync(frame, ended))
            {
                throw Failures.Closed(Connection.Failure);
            }
        }
        catch (OperationCanceledException)
        {
            // The call ended while this waited.
            ThrowIfEnded();
        }
    }

    private void ThrowIfEnded()
    {
        if (Ended.IsCancellationRequested)
        {
            throw Failure ?? Failures.Of(StatusCode.OK, "the call has ended");
        }
    }

    private async ValueTask OnResponseAsync(Frame frame)
    {
        ReadOnlyMemory<byte> payload = ReadResponse(frame).Memory;
        if (!ServerStreams)
        {
            _received = Deserialize(payload);
        }
        else if (payload.Length > 0)
        {
            await _incoming.Writer.WriteAsync(Deserialize(payload));
        }

        TryFinish(null);
    }

    private async ValueTask OnDataAsync(Frame frame)
    {
        if (!ServerStreams)
        {
            throw Failures.Protocol("a stream's data from a server that does not stream");
        }

        if (!frame.Has(FrameFlags.NoData))
        {
            await _incoming.Writer.WriteAsync(Deserialize(frame.Payload));
        }

        if (frame.Has(FrameFlags.RemoteClosed))
        {
            TryFinish(null);
        }
    }

    private TResponse Deserialize(ReadOnlyMemory<byte> payload) =>
        IncomingPayload.Read(method.ResponseMarshaller, payload, StatusCode.Internal);
}
