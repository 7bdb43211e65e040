using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>One request, one answer.</summary>
internal sealed class UnaryCall<TRequest, TResponse>(
    ClientConnection connection,
    Method<TRequest, TResponse> method) : ClientCall(connection)
    where TRequest : class
    where TResponse : class
{
    // Not inline: the reader of the connection completes it, and must not run what comes after the call.
    private readonly TaskCompletionSource<TResponse> _response =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TResponse? _received;

    /// <summary>Sends the request and waits for the answer.</summary>
    public async Task<TResponse> RunAsync(CallOptions options, TRequest request)
    {
        long timeout = Watch(options);
        if (!Ended.IsCancellationRequested)
        {
            await Connection.OpenAsync(
                this,
                OutgoingFrame.Request(
                    method.ServiceName,
                    method.Name,
                    method.RequestMarshaller,
                    request,
                    timeout,
                    options.Headers,
                    FrameFlags.None));
        }

        return await _response.Task;
    }

    public override ValueTask OnFrameAsync(Frame frame)
    {
        try
        {
            if (frame.Header.IsOversized)
            {
                throw Failures.Oversized(frame.Header.Length);
            }

            if (frame.Type != FrameType.Response)
            {
                throw Failures.Protocol("a stream's data for a call that has none");
            }

            _received = IncomingPayload.Read(
                method.ResponseMarshaller,
                ReadResponse(frame).Memory,
                StatusCode.Internal);
            TryFinish(null);
        }
        catch (RpcException failure)
        {
            TryFinish(failure);
        }

        return ValueTask.CompletedTask;
    }

    protected override void OnFinished(RpcException? failure)
    {
        if (failure is null)
        {
            _response.TrySetResult(_received!);
        }
        else
        {
            _response.TrySetException(failure);
        }
    }
}
