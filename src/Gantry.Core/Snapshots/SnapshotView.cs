using Gantry.Core.Labels;

namespace Gantry.Core.Snapshots;

/// <summary>A snapshot as it is stored: texts in UTF-8.</summary>
public readonly ref struct SnapshotView
{
    /// <summary>Its name or key.</summary>
    public required ReadOnlySpan<byte> Name { get; init; }

    /// <summary>The name of its parent; empty when it has none.</summary>
    public required ReadOnlySpan<byte> Parent { get; init; }

    /// <summary>What it is.</summary>
    public required SnapshotKind Kind { get; init; }

    /// <summary>The labels that were stored.</summary>
    public required StoredLabels Labels { get; init; }

    /// <summary>The labels that the snapshotter adds; they hide those of the same name.</summary>
    public required IReadOnlyDictionary<string, string> OwnLabels { get; init; }

    /// <summary>When it was made, or committed.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
