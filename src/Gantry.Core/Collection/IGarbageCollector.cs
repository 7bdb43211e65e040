using Gantry.Core.Errors;
using Gantry.Core.Namespaces;

namespace Gantry.Core.Collection;

/// <summary>The collector of what nothing refers to, as an operator sees it.</summary>
public interface IGarbageCollector
{
    /// <summary>Runs a collection over all namespaces that begins after the call, and returns when it is done.</summary>
    /// <param name="cancellationToken">Ends the wait; the collection goes on.</param>
    Task<CollectionReport> CollectAsync(CancellationToken cancellationToken);

    /// <summary>Tells who holds an object, or why it would go.</summary>
    /// <param name="ns">The namespace of the object.</param>
    /// <param name="name">
    /// A digest, the name of an image, the id of a container or lease, the ref of an ingest; with a snapshotter the key
    /// of a snapshot.
    /// </param>
    /// <param name="snapshotter">The snapshotter; empty when no snapshot is meant.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound: there is no such object.</exception>
    Task<Explanation> ExplainAsync(
        Namespace ns,
        string name,
        string snapshotter,
        CancellationToken cancellationToken);
}
