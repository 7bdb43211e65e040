namespace Gantry.Storage.Gc;

/// <summary>A reference of an object, its owner, to another of the same namespace.</summary>
/// <param name="Role">Why.</param>
/// <param name="Kind">The kind of the other object.</param>
/// <param name="Key">Its key.</param>
internal readonly record struct Reference(ReferenceRole Role, NodeKind Kind, string Key)
{
    /// <summary>The reference to a snapshot.</summary>
    public static Reference ToSnapshot(ReferenceRole role, string snapshotter, string key) =>
        new(role, NodeKind.Snapshot, SnapshotKey(snapshotter, key));

    /// <summary>The collector's key of a snapshot.</summary>
    public static string SnapshotKey(string snapshotter, string key) => $"{snapshotter}/{key}";
}
