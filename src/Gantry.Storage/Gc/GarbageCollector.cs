namespace Gantry.Storage.Gc;

/// <summary>Removes what nothing refers to.</summary>
public sealed class GarbageCollector
{
    /// <summary>
    /// Runs a collection that begins after this call, and returns when it is done. Calls that wait at the same time
    /// share one.
    /// </summary>
    public Task<CollectionResult> CollectAsync(CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
