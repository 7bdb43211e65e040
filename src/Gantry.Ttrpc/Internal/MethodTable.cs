using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>The methods of one service, under the name that it is served by, whatever the generated code calls it.</summary>
internal sealed class MethodTable : ServiceBinderBase
{
    private readonly string _service;
    private readonly Dictionary<string, ServerMethod> _methods = new(StringComparer.Ordinal);

    /// <summary>Collects the methods.</summary>
    public MethodTable(string service, Action<ServiceBinderBase> bind)
    {
        _service = service;
        bind(this);
    }

    /// <summary>Finds a method; null when there is none of that name.</summary>
    public ServerMethod? Find(string method) => _methods.GetValueOrDefault(method);

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
        _methods.Add(method.Name, new ServerMethod($"/{_service}/{method.Name}", method.Type, run));
    }
}
