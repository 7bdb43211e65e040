using Gantry.Core.Namespaces;

namespace Gantry.Client.Internal;

/// <summary>The headers that say what a call is for.</summary>
/// <param name="Namespace">The namespace; empty for none.</param>
/// <param name="LeaseId">The lease that new objects are added to; null or empty for none.</param>
internal sealed record RpcHeaders(string Namespace, string? LeaseId = null)
{
    public static RpcHeaders None { get; } = new("");

    public static RpcHeaders Of(Namespace ns) => new(ns.ToString());

    public void AddTo(HttpRequestMessage request)
    {
        if (Namespace.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("containerd-namespace", Namespace);
        }

        if (!string.IsNullOrEmpty(LeaseId))
        {
            request.Headers.TryAddWithoutValidation("containerd-lease", LeaseId);
        }
    }
}
