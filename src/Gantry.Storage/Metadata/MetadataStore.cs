using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Storage.Gc;

namespace Gantry.Storage.Metadata;

/// <summary>Everything durable: the metadata database, the content store and the records of the snapshotters.</summary>
public sealed class MetadataStore : IMetadata, IAsyncDisposable
{
    /// <inheritdoc/>
    public INamespaceStore Namespaces => throw new NotSupportedException();

    /// <summary>The collector of what nothing refers to.</summary>
    public GarbageCollector Collector => throw new NotSupportedException();

    /// <summary>The directory of the content store, shown to clients as export <c>root</c>.</summary>
    public string ContentRoot => throw new NotSupportedException();

    /// <summary>The path of the database, shown to clients as export <c>path</c>.</summary>
    public string DatabasePath => throw new NotSupportedException();

    /// <summary>Opens the store, making it if need be, and removes what an earlier run has left half-made.</summary>
    public static Task<MetadataStore> OpenAsync(MetadataStoreOptions options, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <summary>Runs the background work (collections, expiry, clean-up) until the token ends it.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public INamespaceScope In(Namespace ns, string? leaseId = null) => throw new NotSupportedException();

    /// <summary>Ends the background work and closes the database.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
