using Gantry.Oci.Image;

namespace Gantry.Transfer.Export;

/// <summary>What to write into an archive.</summary>
/// <param name="Images">The names of image records.</param>
public sealed record ExportRequest(IReadOnlyList<string> Images)
{
    /// <summary>The best match of each image is written, as an image of one platform.</summary>
    public PlatformMatcher Platform { get; init; } = PlatformMatcher.Default;

    /// <summary>True to write images whole, with all their platforms.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>Whether there is a <c>manifest.json</c> as well, by which Docker finds its way.</summary>
    public bool ForDocker { get; init; } = true;
}
