namespace Gantry.Storage.Gc;

/// <summary>What a collection did.</summary>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Objects">Objects that it looked at.</param>
/// <param name="RemovedObjects">Records that it removed: content, snapshots, images, leases and ingests.</param>
/// <param name="RemovedBlobs">Blob files that it unlinked.</param>
public sealed record CollectionResult(TimeSpan Elapsed, int Objects, int RemovedObjects, int RemovedBlobs);
