namespace Gantry.Core.Collection;

/// <summary>The kinds of objects that the collector knows, as they are shown.</summary>
public static class ObjectKinds
{
    /// <summary>A blob as one namespace has it.</summary>
    public const string Content = "content";

    /// <summary>The file of a blob, which all namespaces share.</summary>
    public const string Blob = "blob";

    /// <summary>A snapshot.</summary>
    public const string Snapshot = "snapshot";

    /// <summary>A container.</summary>
    public const string Container = "container";

    /// <summary>An image.</summary>
    public const string Image = "image";

    /// <summary>A lease.</summary>
    public const string Lease = "lease";

    /// <summary>A blob that is being written.</summary>
    public const string Ingest = "ingest";

    /// <summary>A sandbox.</summary>
    public const string Sandbox = "sandbox";

    /// <summary>Mounts that were activated.</summary>
    public const string Mount = "mount";
}
