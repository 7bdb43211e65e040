using Gantry.Api.Mapping;
using Gantry.Core.Errors;
using Gantry.Server.Hosting;
using Gantry.Server.Logging;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Health.V1;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Services;

/// <summary>
/// The one place where what goes wrong in a call becomes a status: the kind of a <see cref="GantryException"/> decides
/// its code; a call that was given up is Canceled or DeadlineExceeded; everything else is Unknown, and logged.
/// </summary>
internal sealed class ErrorInterceptor(DaemonLifetime lifetime, ILogger<ErrorInterceptor> logger) : Interceptor
{
    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation)
    {
        // The question whether the daemon lives, which comes again and again, is no work.
        if (request is not HealthCheckRequest)
        {
            lifetime.Trimmer.Touch();
        }

        try
        {
            return await continuation(request, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        lifetime.Trimmer.Touch();
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    /// <inheritdoc/>
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        lifetime.Trimmer.Touch();
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    private RpcException Translate(Exception exception, ServerCallContext context)
    {
        if (exception is GantryException known)
        {
            ServerLog.CallFailed(logger, context.Method, known.Message);
            return known.ToRpcException();
        }

        bool given = context.CancellationToken.IsCancellationRequested;
        if (given || (exception is OperationCanceledException && lifetime.Stopping.IsCancellationRequested))
        {
            ErrorKind kind = given && context.Deadline <= lifetime.Time.GetUtcNow().UtcDateTime
                ? ErrorKind.DeadlineExceeded
                : ErrorKind.Canceled;
            return GantryException.Verbatim(kind, kind.Sentence()).ToRpcException();
        }

        if (DiskErrors.TryDescribe(exception) is { } disk)
        {
            ServerLog.DiskFailed(logger, context.Method, disk.Message);
            return disk.ToRpcException();
        }

        // Files and system calls say what failed in words for a client; anything else is an error of ours.
        ServerLog.CallBroke(logger, context.Method, exception);
        string text = exception is IOException or UnauthorizedAccessException or TimeoutException
            ? exception.Message
            : "internal error, see the daemon's log";
        return GantryException.Verbatim(ErrorKind.Unknown, text).ToRpcException();
    }
}
