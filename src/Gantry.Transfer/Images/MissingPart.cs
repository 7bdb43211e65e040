using Gantry.Oci.Image;

namespace Gantry.Transfer.Images;

/// <summary>A part of an image that is not here.</summary>
/// <param name="Descriptor">The part.</param>
/// <param name="Platform">The platform that it is for, where the image says so.</param>
public sealed record MissingPart(Descriptor Descriptor, Platform? Platform)
{
    /// <summary>Names the platforms that parts are missing for, each once; digests where there is no platform.</summary>
    /// <param name="missing">The parts.</param>
    public static string Describe(IEnumerable<MissingPart> missing) => string.Join(
        ", ",
        missing.Select(part => part.Platform?.ToString() ?? part.Descriptor.Digest.ToString())
            .Distinct(StringComparer.Ordinal));
}
