namespace Gantry.Storage.Gc;

/// <summary>The kinds of objects that the collector walks. The numbers are stored.</summary>
internal enum NodeKind
{
    /// <summary>No object: the other end of a <see cref="ReferenceRole.Root"/>.</summary>
    None = 0,

    /// <summary>A blob; its key is the digest.</summary>
    Content = 1,

    /// <summary>A snapshot; its key is <c>SNAPSHOTTER/KEY</c>.</summary>
    Snapshot = 2,

    /// <summary>A container; its key is its id.</summary>
    Container = 3,

    /// <summary>An image; its key is its name.</summary>
    Image = 4,

    /// <summary>A lease; its key is its id.</summary>
    Lease = 5,

    /// <summary>An ingest; its key is its ref.</summary>
    Ingest = 6,

    /// <summary>Mounts that are active; its key is its name.</summary>
    Activation = 7,

    /// <summary>A sandbox; its key is its id.</summary>
    Sandbox = 8,
}
