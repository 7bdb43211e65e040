using Grpc.Core;

namespace Gantry.Shim.Tasks;

/// <summary>
/// Binds the task service under the name of version 3. Its messages have the shapes of version 2's, so the one
/// implementation serves both.
/// </summary>
internal sealed class TaskServiceBinder(ServiceBinderBase inner) : ServiceBinderBase
{
    private const string Version3 = "containerd.task.v3.Task";

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        inner.AddMethod(
            new Method<TRequest, TResponse>(
                method.Type, Version3, method.Name, method.RequestMarshaller, method.ResponseMarshaller),
            handler!);
}
