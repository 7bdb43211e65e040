using Gantry.Core.Namespaces;

namespace Gantry.Core.Metadata;

/// <summary>Everything durable.</summary>
public interface IMetadata
{
    /// <summary>The namespaces.</summary>
    INamespaceStore Namespaces { get; }

    /// <summary>One namespace, under a lease or none.</summary>
    /// <param name="ns">The namespace; it need not exist.</param>
    /// <param name="leaseId">A lease of that namespace; making anything under one that does not exist is NotFound.</param>
    INamespaceScope In(Namespace ns, string? leaseId = null);
}
