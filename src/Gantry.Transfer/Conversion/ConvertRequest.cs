using Gantry.Archive.Compression;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Conversion;

/// <summary>What an image is to become.</summary>
/// <param name="Source">The name of the image.</param>
/// <param name="Target">The name of the new one.</param>
public sealed record ConvertRequest(string Source, string Target)
{
    /// <summary>How its layers are to be packed; null: as they are.</summary>
    public CompressionKind? Compression { get; init; }

    /// <summary>Whose media types it is to have.</summary>
    public MediaTypeFamily Family { get; init; }

    /// <summary>The best match becomes an image of one platform.</summary>
    public PlatformMatcher Platform { get; init; } = PlatformMatcher.Default;

    /// <summary>True to convert the image whole, with all its platforms.</summary>
    public bool AllPlatforms { get; init; }
}
