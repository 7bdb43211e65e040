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
        Task<TResponse> response = call.RunAsync(options, request);
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
