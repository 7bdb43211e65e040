using Gantry.Core.Images;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Pull;

/// <summary>What was pulled.</summary>
/// <param name="Image">The image record.</param>
/// <param name="Manifests">The manifests that were fetched, best match first.</param>
/// <param name="ChainId">The snapshot of the best match; empty when nothing was unpacked, or there are no layers.</param>
public sealed record PullResult(ImageRecord Image, IReadOnlyList<Descriptor> Manifests, Digest ChainId);
