namespace Gantry.Core.Maintenance;

/// <summary>The space of a snapshot, without its parents.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Snapshotter">Its snapshotter.</param>
/// <param name="Name">Its name or key.</param>
/// <param name="Kind">What it is: <c>view</c>, <c>active</c>, <c>committed</c>.</param>
/// <param name="Bytes">Bytes on disk.</param>
/// <param name="Inodes">Files and directories.</param>
/// <param name="Held">Whether an image, container or lease holds it.</param>
public sealed record SnapshotSpace(
    string Namespace,
    string Snapshotter,
    string Name,
    string Kind,
    long Bytes,
    long Inodes,
    bool Held);
