namespace Gantry.Core.Snapshots;

/// <summary>The space that a snapshot takes, without its parents.</summary>
/// <param name="Inodes">The number of inodes.</param>
/// <param name="Size">Bytes on disk.</param>
public readonly record struct SnapshotUsage(long Inodes, long Size);
