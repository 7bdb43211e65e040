using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>
/// The services that a server serves, by name. The methods of one are collected from its generated <c>BindService</c> when
/// it is first called: a program that serves several pays only for those that its clients use.
/// </summary>
internal sealed class ServiceTable
{
    private readonly Dictionary<string, Lazy<MethodTable>> _services = new(StringComparer.Ordinal);

    /// <summary>Adds a service.</summary>
    public void Add(string service, Action<ServiceBinderBase> bind) =>
        _services.Add(service, new Lazy<MethodTable>(() => new MethodTable(service, bind)));

    /// <summary>Finds a method.</summary>
    /// <exception cref="RpcException">Unimplemented: there is no such service or method.</exception>
    public ServerMethod Find(string service, string method) =>
        (_services.TryGetValue(service, out Lazy<MethodTable>? methods)
            ? methods
            : throw Failures.Of(StatusCode.Unimplemented, $"service {service}"))
        .Value.Find(method) ?? throw Failures.Of(StatusCode.Unimplemented, $"method {method}");
}
