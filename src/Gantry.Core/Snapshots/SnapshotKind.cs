namespace Gantry.Core.Snapshots;

/// <summary>What a snapshot is. The numbers are those of the wire.</summary>
public enum SnapshotKind
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>Read only, not to be committed.</summary>
    View = 1,

    /// <summary>Writable.</summary>
    Active = 2,

    /// <summary>Immutable, and can be a parent.</summary>
    Committed = 3,
}
