using Gantry.Core.Namespaces;

namespace Gantry.Server.Transfers;

/// <summary>On whose behalf something is transferred.</summary>
/// <param name="Namespace">The namespace of the call.</param>
/// <param name="Lease">The lease of the call; null for none.</param>
internal sealed record TransferCaller(Namespace Namespace, string? Lease)
{
    /// <summary>The namespace as streams know it.</summary>
    public string NamespaceName => Namespace.ToString();
}
