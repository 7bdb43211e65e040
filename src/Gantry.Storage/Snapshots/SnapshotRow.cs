using Gantry.Core.Snapshots;

namespace Gantry.Storage.Snapshots;

/// <summary>The record of a snapshot.</summary>
/// <param name="Id">What the driver knows it by.</param>
/// <param name="ParentId">The id of its parent; null when it has none.</param>
/// <param name="Usage">The space it takes, once committed.</param>
/// <param name="Info">What clients know of it.</param>
internal sealed record SnapshotRow(long Id, long? ParentId, SnapshotUsage Usage, SnapshotInfo Info);
