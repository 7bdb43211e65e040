namespace Gantry.Core.Snapshots;

/// <summary>A snapshot, as a namespace sees it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">The key of an active snapshot or view, the name of a committed one.</param>
/// <param name="Parent">The name of its parent; empty when it has none.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
/// <param name="Labels">Labels.</param>
public sealed record SnapshotInfo(
    SnapshotKind Kind,
    string Name,
    string Parent,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    IReadOnlyDictionary<string, string> Labels);
