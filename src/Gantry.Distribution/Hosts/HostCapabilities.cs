namespace Gantry.Distribution.Hosts;

/// <summary>What a host may be asked for.</summary>
[Flags]
public enum HostCapabilities
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Blobs, and manifests by their digest.</summary>
    Pull = 1,

    /// <summary>What a tag stands for: it is trusted to say so.</summary>
    Resolve = 2,

    /// <summary>To take images.</summary>
    Push = 4,

    /// <summary>What refers to a manifest.</summary>
    Referrers = 8,

    /// <summary>All of these.</summary>
    All = Pull | Resolve | Push | Referrers,
}
