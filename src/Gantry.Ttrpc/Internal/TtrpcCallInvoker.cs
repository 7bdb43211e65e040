using System.Diagnostics;
using Gantry.Core.Tracing;
using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>What generated clients call.</summary>
internal sealed class TtrpcCallInvoker(ClientConnection connection) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request) =>
        throw new NotSupportedException("ttrpc has no blocking calls; use the asynchronous one");

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request)
    {
        UnaryCall<TRequest, TResponse> call = new(connection, method);
        Task<TResponse> response = Activity.Current is null
            ? call.RunAsync(options, request)
            : TracedAsync(call, options, request, method.FullName);
        return new AsyncUnaryCall<TResponse>(
            response,
            static _ => NoHeadersAsync(),
            static ended => ((ClientCall)ended).Status(),
            static ended => ((ClientCall)ended).Trailers(),
            static ended => ((ClientCall)ended).Cancel(),
            call);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request)
    {
        StreamCall<TRequest, TResponse> call = Start(method, options, request);
        return new AsyncServerStreamingCall<TResponse>(
            call,
            static _ => NoHeadersAsync(),
            static ended => ((ClientCall)ended).Status(),
            static ended => ((ClientCall)ended).Trailers(),
            static ended => ((ClientCall)ended).Cancel(),
            call);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options)
    {
        StreamCall<TRequest, TResponse> call = Start(method, options, request: null);
        return new AsyncClientStreamingCall<TRequest, TResponse>(
            call,
            call.ResponseAsync,
            static _ => NoHeadersAsync(),
            static ended => ((ClientCall)ended).Status(),
            static ended => ((ClientCall)ended).Trailers(),
            static ended => ((ClientCall)ended).Cancel(),
            call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options)
    {
        StreamCall<TRequest, TResponse> call = Start(method, options, request: null);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            call,
            call,
            static _ => NoHeadersAsync(),
            static ended => ((ClientCall)ended).Status(),
            static ended => ((ClientCall)ended).Trailers(),
            static ended => ((ClientCall)ended).Cancel(),
            call);
    }

    /// <summary>Makes a call within a span of its own, which the other side is told of.</summary>
    private static async Task<TResponse> TracedAsync<TRequest, TResponse>(
        UnaryCall<TRequest, TResponse> call, CallOptions options, TRequest request, string path)
        where TRequest : class
        where TResponse : class
    {
        using Activity? span = Traces.StartClient(path);
        if (Activity.Current?.Id is { } parent)
        {
            Metadata headers = [.. options.Headers ?? []];
            headers.Add(Traces.Header, parent);
            options = options.WithHeaders(headers);
        }

        try
        {
            return await call.RunAsync(options, request);
        }
        catch (RpcException failure)
        {
            Traces.Fail(span, failure.Status.Detail);
            throw;
        }
    }

    private StreamCall<TRequest, TResponse> Start<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        CallOptions options,
        TRequest? request)
        where TRequest : class
        where TResponse : class
    {
        StreamCall<TRequest, TResponse> call = new(connection, method);
        call.Start(options, request);
        return call;
    }

    // ttrpc answers with no headers.
    private static Task<Metadata> NoHeadersAsync() => Task.FromResult(new Metadata());
}
