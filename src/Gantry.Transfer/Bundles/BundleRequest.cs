using Gantry.Oci.Runtime;
using Gantry.Transfer.Images;

namespace Gantry.Transfer.Bundles;

/// <summary>What bundle is wanted.</summary>
/// <param name="Image">The image, which is in the store.</param>
/// <param name="Directory">Where to; absent or empty.</param>
/// <param name="Rootfs">What its root filesystem is to be.</param>
/// <param name="Snapshotter">The snapshotter: of the mount, and of the view that packing compares with.</param>
public sealed record BundleRequest(
    ResolvedImage Image,
    BundleDirectory Directory,
    BundleRootfs Rootfs,
    string Snapshotter)
{
    /// <summary>What is to be other than the image says.</summary>
    public SpecOptions Spec { get; init; } = new();

    /// <summary>Who the process runs as; null: as the image says.</summary>
    public string? User { get; init; }
}
