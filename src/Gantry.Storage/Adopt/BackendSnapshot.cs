using Gantry.Core.Snapshots;

namespace Gantry.Storage.Adopt;

/// <summary>A snapshot, as its snapshotter's own database has it.</summary>
/// <param name="Id">The name of its directory.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Parent">The name of its parent in the same database; empty for none.</param>
/// <param name="Usage">The space it takes, once committed.</param>
/// <param name="Labels">Labels that only the snapshotter has.</param>
internal sealed record BackendSnapshot(
    long Id,
    SnapshotKind Kind,
    string Parent,
    SnapshotUsage Usage,
    IReadOnlyDictionary<string, string> Labels);
