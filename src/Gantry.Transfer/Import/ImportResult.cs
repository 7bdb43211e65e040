using Gantry.Core.Images;
using Gantry.Transfer.Images;

namespace Gantry.Transfer.Import;

/// <summary>An image that was imported.</summary>
/// <param name="Image">The image record.</param>
/// <param name="Missing">What of it is not in the archive: platforms that were left out when it was written.</param>
/// <param name="NotUnpacked">Why it was not unpacked, though that was asked for; null if it was.</param>
public sealed record ImportResult(ImageRecord Image, IReadOnlyList<MissingPart> Missing, string? NotUnpacked);
