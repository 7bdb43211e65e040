using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>What the headers of a call say.</summary>
internal static class CallScope
{
    private const string NamespaceHeader = "containerd-namespace";
    private const string LeaseHeader = "containerd-lease";

    /// <summary>The namespace that a call works in.</summary>
    /// <exception cref="GantryException">FailedPrecondition: it names none; InvalidArgument: it is no identifier.</exception>
    public static Namespace Namespace(this ServerCallContext context) =>
        context.TryGetNamespace()
        ?? throw new GantryException(ErrorKind.FailedPrecondition, "namespace is required");

    /// <summary>The namespace that a call names, or null.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is no identifier.</exception>
    public static Namespace? TryGetNamespace(this ServerCallContext context)
    {
        string? name = context.RequestHeaders.GetValue(NamespaceHeader);
        if (string.IsNullOrEmpty(name))
        {
            return null;
        }

        try
        {
            return Core.Namespaces.Namespace.Parse(name);
        }
        catch (GantryException exception)
        {
            throw new GantryException(exception.Kind, $"namespace validation: {exception.Message}", exception);
        }
    }

    /// <summary>Everything durable in the namespace and under the lease of a call.</summary>
    public static INamespaceScope In(this IMetadata metadata, ServerCallContext context) =>
        metadata.In(context.Namespace(), context.TryGetLease());

    /// <summary>The lease that a call names, or null.</summary>
    public static string? TryGetLease(this ServerCallContext context)
    {
        string? lease = context.RequestHeaders.GetValue(LeaseHeader);
        return string.IsNullOrEmpty(lease) ? null : lease;
    }
}
