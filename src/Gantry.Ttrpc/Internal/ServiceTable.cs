using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>The methods that a server serves, collected from generated <c>BindService</c> methods.</summary>
internal sealed class ServiceTable : ServiceBinderBase
{
    private readonly Dictionary<string, Dictionary<string, ServerMethod>> _services = new(StringComparer.Ordinal);

    /// <summary>Finds a method.</summary>
    /// <exception cref="RpcException">Unimplemented: there is no such service or method.</exception>
    public ServerMethod Find(string service, string method)
    {
        if (!_services.TryGetValue(service, out Dictionary<string, ServerMethod>? methods))
        {
            throw Failures.Of(StatusCode.Unimplemented, $"service {service}");
        }

        return methods.TryGetValue(method, out ServerMethod? found)
            ? found
            : throw Failures.Of(StatusCode.Unimplemented, $"method {method}");
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        UnaryServerMethod<TRequest, TResponse>? handler) =>
        Add(method, handler is null ? null : async call => await call.RespondAsync(
            method.ResponseMarshaller,
            await handler(call.ReadRequest(method.RequestMarshaller), call.Context)));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        Add(method, handler is null ? null : async call => await call.RespondAsync(
            method.ResponseMarshaller,
            await handler(new ServerStreamReader<TRequest>(call, method.RequestMarshaller), call.Context)));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        Add(method, handler is null ? null : async call =>
        {
            await handler(
                call.ReadRequest(method.RequestMarshaller),
                new ServerStreamWriter<TResponse>(call, method.ResponseMarshaller),
                call.Context);
            await call.EndAsync();
        });

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        Add(method, handler is null ? null : async call =>
        {
            await handler(
                new ServerStreamReader<TRequest>(call, method.RequestMarshaller),
                new ServerStreamWriter<TResponse>(call, method.ResponseMarshaller),
                call.Context);
            await call.EndAsync();
        });

    private void Add(IMethod method, Func<ServerCall, Task>? run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (!_services.TryGetValue(method.ServiceName, out Dictionary<string, ServerMethod>? methods))
        {
            methods = new Dictionary<string, ServerMethod>(StringComparer.Ordinal);
            _services.Add(method.ServiceName, methods);
        }

        methods.Add(method.Name, new ServerMethod(method.FullName, method.Type, run));
    }
}
