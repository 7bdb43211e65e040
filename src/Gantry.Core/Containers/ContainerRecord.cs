namespace Gantry.Core.Containers;

/// <summary>What a task is made from. It holds no process. Spec, options and extensions are kept byte for byte.</summary>
/// <param name="Id">An identifier, fixed.</param>
public sealed record ContainerRecord(string Id)
{
    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;

    /// <summary>The name of its image; empty when it has none.</summary>
    public string Image { get; init; } = "";

    /// <summary>The name of its runtime, such as <c>io.containerd.runc.v2</c>, fixed.</summary>
    public string RuntimeName { get; init; } = "";

    /// <summary>Options for the runtime.</summary>
    public TypedBytes? RuntimeOptions { get; init; }

    /// <summary>The OCI runtime spec, as JSON with containerd's type URL.</summary>
    public TypedBytes? Spec { get; init; }

    /// <summary>The snapshotter of its root filesystem, fixed; empty when it has none.</summary>
    public string Snapshotter { get; init; } = "";

    /// <summary>The key of its root filesystem's snapshot; empty when it has none.</summary>
    public string SnapshotKey { get; init; } = "";

    /// <summary>Values that clients keep with the container.</summary>
    public IReadOnlyDictionary<string, TypedBytes> Extensions { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, TypedBytes>.Empty;

    /// <summary>The sandbox it belongs to; empty when it belongs to none.</summary>
    public string Sandbox { get; init; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }
}
