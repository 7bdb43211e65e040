using Gantry.Oci.Image;

namespace Gantry.Transfer.Pull;

/// <summary>A manifest that is in the content store.</summary>
/// <param name="Descriptor">What leads to it.</param>
/// <param name="Manifest">What it says.</param>
internal sealed record FetchedManifest(Descriptor Descriptor, ImageManifest Manifest);
