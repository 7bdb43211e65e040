namespace Gantry.Core.Labels;

/// <summary>Labels that mean something to the daemon or to its clients.</summary>
public static class WellKnownLabels
{
    /// <summary>On a layer blob: the digest of its uncompressed tar.</summary>
    public const string Uncompressed = "containerd.io/uncompressed";

    /// <summary>Prefix, on a blob: the registry host it came from; the value lists repositories, joined by commas.</summary>
    public const string DistributionSource = "containerd.io/distribution.source.";

    /// <summary>On any object: it is never collected.</summary>
    public const string GcRoot = "containerd.io/gc.root";

    /// <summary>Prefix, on any object: the digest of content that it keeps alive; may go on with <c>.X</c> or <c>/X</c>.</summary>
    public const string GcRefContent = "containerd.io/gc.ref.content";

    /// <summary>Prefix, on any object: <c>.SNAPSHOTTER</c> and perhaps <c>/X</c>; the value is a snapshot's key or name.</summary>
    public const string GcRefSnapshot = "containerd.io/gc.ref.snapshot.";

    /// <summary>Prefix, on any object: the name of an image that it keeps alive.</summary>
    public const string GcRefImage = "containerd.io/gc.ref.image";

    /// <summary>Prefix, on any object: the id of a container that keeps it alive.</summary>
    public const string BackReferenceContainer = "containerd.io/gc.bref.container";

    /// <summary>On a lease or image: the time (RFC 3339) after which it no longer keeps anything alive.</summary>
    public const string GcExpire = "containerd.io/gc.expire";

    /// <summary>On a lease: it keeps alive only what it lists, and not what that refers to.</summary>
    public const string GcFlat = "containerd.io/gc.flat";

    /// <summary>On a snapshot being prepared: the chain id of the committed snapshot it is meant to become.</summary>
    public const string SnapshotRef = "containerd.io/snapshot.ref";

    /// <summary>Prefix of labels that a snapshot driver gets to see.</summary>
    public const string SnapshotPrefix = "containerd.io/snapshot/";

    /// <summary>
    /// On a snapshot that is prepared without a parent, and is to get one when it is committed: a layer is applied to it
    /// before those below it are there. A snapshotter that can't do this takes no notice of it.
    /// </summary>
    public const string Detached = SnapshotPrefix + "gantry.detached";

    /// <summary>
    /// The value of <see cref="Detached"/> for a layer on which another one is going to be put: its commit outlives a loss of power
    /// at the latest when that one's does.
    /// </summary>
    public const string DetachedInner = "inner";

    /// <summary>On a snapshot: the directory of the bundle whose root filesystem it is.</summary>
    public const string Bundle = "gantry.io/bundle";

    /// <summary>On a namespace: the snapshotter that clients are to use.</summary>
    public const string DefaultSnapshotter = "containerd.io/defaults/snapshotter";
}
