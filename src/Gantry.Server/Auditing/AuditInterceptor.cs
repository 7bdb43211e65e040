using Gantry.Api;
using Gantry.Api.KeptEvents;
using Gantry.Api.Services.Content;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Events;
using Gantry.Server.Services;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Status = Grpc.Core.Status;

namespace Gantry.Server.Auditing;

/// <summary>
/// Keeps of each call that changes something who made it and what came of it. It is around the one that makes errors into
/// statuses.
/// </summary>
internal sealed class AuditInterceptor(EventHub audit, TimeProvider time) : Interceptor
{
    private const string RecordType = "gantry.events.v1.AuditRecord";
    private const int MaxMessage = 512;

    // As long as a path may be.
    private const int MaxObject = 4096;

    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation) =>
        AuditedCalls.Find(context.Method)?.Invoke(request) is { } subject
            ? KeepAsync(context, () => subject, () => continuation(request, context))
            : continuation(request, context);

    /// <inheritdoc/>
    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        AuditedCalls.Find(context.Method)?.Invoke(request) is { } subject
            ? KeepAsync(context, () => subject, () => Nothing(continuation(request, responseStream, context)))
            : continuation(request, responseStream, context);

    /// <inheritdoc/>
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        if (context.Method != AuditedCalls.ContentWrite)
        {
            return continuation(requestStream, responseStream, context);
        }

        WriteRequests<TRequest> requests = new(requestStream);
        return KeepAsync(
            context, () => requests.Subject, () => Nothing(continuation(requests, responseStream, context)));
    }

    private static async Task<bool> Nothing(Task task)
    {
        await task;
        return true;
    }

    private static string Cut(string text, int length) => text.Length > length ? text[..length] : text;

    private static Namespace NamespaceOf(ServerCallContext context)
    {
        try
        {
            return context.TryGetNamespace() ?? default;
        }
        catch (GantryException)
        {
            // The call was refused for it.
            return default;
        }
    }

    private async Task<T> KeepAsync<T>(ServerCallContext context, Func<string?> subject, Func<Task<T>> call)
    {
        long started = time.GetTimestamp();
        try
        {
            T result = await call();
            Keep(context, subject(), started, context.Status);
            return result;
        }
        catch (RpcException failure)
        {
            Keep(context, subject(), started, failure.Status);
            throw;
        }
    }

    private void Keep(ServerCallContext context, string? subject, long started, Status status)
    {
        if (subject is null)
        {
            return;
        }

        Peer peer = Peer.Of(context.GetHttpContext());
        AuditRecord record = new()
        {
            Method = context.Method,
            Object = Cut(subject, MaxObject),
            Pid = peer.Pid,
            Uid = peer.Uid,
            Gid = peer.Gid,
            Exe = peer.Exe,
            Code = (int)status.StatusCode,
            Message = Cut(status.Detail ?? "", MaxMessage),
            Elapsed = Duration.FromTimeSpan(time.GetElapsedTime(started)),
        };
        audit.Send(new EventEnvelope(
            time.GetUtcNow(), NamespaceOf(context), context.Method, TypeUrl.Pack(RecordType, record)));
    }

    /// <summary>The requests of a write, which is about its ref until it is about its digest; asking for its status is no change.</summary>
    private sealed class WriteRequests<T>(IAsyncStreamReader<T> requests) : IAsyncStreamReader<T>
    {
        public string? Subject { get; private set; }

        public T Current => requests.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            bool more = await requests.MoveNext(cancellationToken);
            if (more && requests.Current is WriteContentRequest request && request.Action is not WriteAction.Stat)
            {
                Subject = request is { Action: WriteAction.Commit, Expected.Length: > 0 } ? request.Expected
                    : request.Ref.Length > 0 ? request.Ref
                    : Subject ?? "";
            }

            return more;
        }
    }
}
