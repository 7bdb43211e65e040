using Gantry.Core.Images;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Commit;

/// <summary>An image that was made.</summary>
/// <param name="Image">Its record.</param>
/// <param name="Layer">Its new layer; null when nothing had changed.</param>
public sealed record CommitResult(ImageRecord Image, Descriptor? Layer);
