using Grpc.Core;

namespace Gantry.Runtime.Shims;

/// <summary>
/// Lets the stub of the task service's version 2 speak version 3: methods and messages have the same names and the same
/// bytes, and only the service is named differently.
/// </summary>
internal sealed class TaskV3Invoker(CallInvoker inner) : CallInvoker
{
    private const string ServiceName = "containerd.task.v3.Task";

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        inner.BlockingUnaryCall(Rename(method), host, options, request);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        inner.AsyncUnaryCall(Rename(method), host, options, request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        inner.AsyncServerStreamingCall(Rename(method), host, options, request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        inner.AsyncClientStreamingCall(Rename(method), host, options);

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        inner.AsyncDuplexStreamingCall(Rename(method), host, options);

    private static Method<TRequest, TResponse> Rename<TRequest, TResponse>(Method<TRequest, TResponse> method) =>
        new(method.Type, ServiceName, method.Name, method.RequestMarshaller, method.ResponseMarshaller);
}
