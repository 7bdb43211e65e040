using System.Diagnostics;
using Gantry.Api.Mapping;
using Gantry.Core.Errors;
using Gantry.Core.Tracing;
using Gantry.Server.Hosting;
using Gantry.Server.Logging;
using Gantry.Server.Metrics;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Health.V1;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Services;

/// <summary>
/// The one place where what goes wrong in a call becomes a status: the kind of a <see cref="GantryException"/> decides
/// its code; a call that was given up is Canceled or DeadlineExceeded; everything else is Unknown, and logged. And where calls
/// are counted.
/// </summary>
internal sealed class ErrorInterceptor(DaemonLifetime lifetime, RpcMetrics calls, ILogger<ErrorInterceptor> logger)
    : Interceptor
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

        RpcMethod method = calls.Begin(context.Method, RpcKind.Unary);
        method.Receive();
        TResponse? response = null;
        await RunAsync(method, context, async () => response = await continuation(request, context));
        method.Send();
        return response!;
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        lifetime.Trimmer.Touch();
        RpcMethod method = calls.Begin(context.Method, RpcKind.ServerStream);
        method.Receive();
        context.UserState[RpcMethod.Key] = method;
        CountedWriter<TResponse> responses = new(responseStream, method);
        await RunAsync(method, context, () => continuation(request, responses, context));
    }

    /// <inheritdoc/>
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        lifetime.Trimmer.Touch();
        RpcMethod method = calls.Begin(context.Method, RpcKind.BidiStream);
        CountedReader<TRequest> requests = new(requestStream, method);
        CountedWriter<TResponse> responses = new(responseStream, method);
        await RunAsync(method, context, () => continuation(requests, responses, context));
    }

    private async Task RunAsync(RpcMethod method, ServerCallContext context, Func<Task> run)
    {
        long started = lifetime.Time.GetTimestamp();
        StatusCode code = StatusCode.OK;
        using Activity? span = Traces.Enabled && !context.Method.StartsWith("/grpc.health.", StringComparison.Ordinal)
            ? Traces.StartServer(context.Method, context.RequestHeaders.GetValue(Traces.Header))
            : null;
        try
        {
            await run();
        }
        catch (RpcException exception)
        {
            code = exception.StatusCode;
            Traces.Fail(span, exception.Status.Detail);
            throw;
        }
        catch (Exception exception)
        {
            RpcException translated = Translate(exception, context);
            code = translated.StatusCode;
            Traces.Fail(span, translated.Status.Detail);
            throw translated;
        }
        finally
        {
            method.End(code, lifetime.Time.GetElapsedTime(started));
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
