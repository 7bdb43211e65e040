using Gantry.Oci.Image;

namespace Gantry.Transfer.Bundles;

/// <summary>Where a bundle came from: what <c>bundle.json</c> in its directory says, which packing needs.</summary>
public sealed record BundleRecord
{
    /// <summary>The version of the file that this program writes.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The version of the file.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The containerd namespace of the image.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The name of the image then.</summary>
    public string Image { get; init; } = "";

    /// <summary>The media type of its manifest.</summary>
    public string ManifestType { get; init; } = "";

    /// <summary>The digest of its manifest.</summary>
    public string ManifestDigest { get; init; } = "";

    /// <summary>The size of its manifest.</summary>
    public long ManifestSize { get; init; }

    /// <summary>The chain id of its layers: the name of the snapshot that the rootfs began as; empty for no layers.</summary>
    public string Parent { get; init; } = "";

    /// <summary>The snapshotter.</summary>
    public string Snapshotter { get; init; } = "";

    /// <summary>What the rootfs is.</summary>
    public BundleRootfs Rootfs { get; init; }

    /// <summary>The key of the snapshot that is mounted; empty when the rootfs is a copy.</summary>
    public string SnapshotKey { get; init; } = "";

    /// <summary>When the bundle was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The manifest of the image.</summary>
    /// <exception cref="FormatException">The digest is malformed.</exception>
    public Descriptor Manifest() => new(ManifestType, Digest.Parse(ManifestDigest), ManifestSize);
}
