using Gantry.Oci.Image;

namespace Gantry.Transfer.Import;

/// <summary>How to take images out of an archive.</summary>
public sealed record ImportRequest
{
    /// <summary>
    /// The repository of images of which the archive tells only a tag: <c>import-DATE</c> if this is empty.
    /// </summary>
    public string BaseName { get; init; } = "";

    /// <summary>A name for all that is in the archive, as one index; null for none.</summary>
    public string? IndexName { get; init; }

    /// <summary>The snapshotter to unpack into; null to unpack nothing.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>Of each image, the best match is unpacked.</summary>
    public PlatformMatcher Platform { get; init; } = PlatformMatcher.Default;
}
