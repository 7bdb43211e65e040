namespace Gantry.Storage.Metadata;

/// <summary>What a snapshotter has, by the records alone.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Snapshots">The number of its snapshots.</param>
/// <param name="Bytes">Their space; of one that is written to none is recorded.</param>
public sealed record SnapshotterTotals(string Name, long Snapshots, long Bytes);
