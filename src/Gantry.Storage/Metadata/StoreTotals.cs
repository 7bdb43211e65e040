namespace Gantry.Storage.Metadata;

/// <summary>How much there is of everything, by the records alone.</summary>
/// <param name="Blobs">The number of blobs, one that several namespaces have counted once.</param>
/// <param name="BlobBytes">Their size.</param>
/// <param name="Snapshotters">What each snapshotter has.</param>
/// <param name="Records">The number of records of each kind.</param>
public sealed record StoreTotals(
    long Blobs,
    long BlobBytes,
    IReadOnlyList<SnapshotterTotals> Snapshotters,
    IReadOnlyList<(string Kind, long Count)> Records);
