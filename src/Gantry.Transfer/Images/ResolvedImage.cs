using Gantry.Core.Images;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Images;

/// <summary>An image of the store, read down to its config for one platform.</summary>
/// <param name="Record">The image record.</param>
/// <param name="ManifestDescriptor">The manifest of the platform.</param>
/// <param name="Manifest">That manifest.</param>
/// <param name="Config">Its config.</param>
public sealed record ResolvedImage(
    ImageRecord Record,
    Descriptor ManifestDescriptor,
    ImageManifest Manifest,
    ImageConfig Config)
{
    /// <summary>The name of the snapshot that all its layers make; empty when it has none.</summary>
    public Digest ChainId => Oci.Image.ChainId.Of(Config.DiffIds);

    /// <summary>The bytes of manifest, config and layers as they are stored.</summary>
    public long Size => ManifestDescriptor.Size + Manifest.Config.Size + Manifest.Layers.Sum(layer => layer.Size);
}
