namespace Gantry.Storage.Adopt;

/// <summary>What is taken over of a namespace.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Images">The number of images.</param>
/// <param name="Containers">The number of containers.</param>
/// <param name="Sandboxes">The number of sandboxes.</param>
/// <param name="Blobs">The number of blobs.</param>
/// <param name="BlobBytes">Their size.</param>
/// <param name="Snapshots">The number of snapshots.</param>
/// <param name="SnapshotBytes">The size of those that are committed.</param>
/// <param name="Leases">The number of leases.</param>
/// <param name="Ingests">The number of ingests.</param>
public sealed record AdoptedNamespace(
    string Name,
    int Images,
    int Containers,
    int Sandboxes,
    int Blobs,
    long BlobBytes,
    int Snapshots,
    long SnapshotBytes,
    int Leases,
    int Ingests);
