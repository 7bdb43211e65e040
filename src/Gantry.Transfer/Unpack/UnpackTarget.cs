using Gantry.Oci.Image;

namespace Gantry.Transfer.Unpack;

/// <summary>Where the layers of an image, or of its manifests for some platforms, are unpacked.</summary>
/// <param name="Snapshotter">The snapshotter.</param>
public sealed record UnpackTarget(string Snapshotter)
{
    /// <summary>What is for other platforms than this is not unpacked there; null for whatever is fetched.</summary>
    public PlatformMatcher? Platform { get; init; }

    /// <summary>
    /// Whether the snapshotter may have layers without their being downloaded: it is told where they are, and only those
    /// are fetched that it does not have then.
    /// </summary>
    public bool IsRemote { get; init; }

    /// <summary>Whether what is for a platform is unpacked there.</summary>
    /// <param name="platform">The platform that an index gives; null when it gives none, which fits everything.</param>
    public bool Takes(Platform? platform) => Platform is null || platform is null || Platform.Matches(platform);
}
