using System.Collections.Immutable;
using Gantry.Oci.Image;
using Gantry.Transfer.Unpack;

namespace Gantry.Transfer.Import;

/// <summary>How to take images out of an archive.</summary>
public sealed record ImportRequest
{
    /// <summary>
    /// The repository of images of which the archive tells only a tag: <c>import-DATE</c> if this is empty.
    /// </summary>
    public string BaseName { get; init; } = "";

    /// <summary>
    /// Names an image by what the archive tells: its full name, its tag (or whatever else stands there), and its digest; the
    /// first two may be empty. No name: the image is not wanted. Null for the usual rule.
    /// </summary>
    public Func<string, string, Digest, IReadOnlyList<string>>? Names { get; init; }

    /// <summary>Labels of the image records.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>A name for all that is in the archive, as one index; null for none.</summary>
    public string? IndexName { get; init; }

    /// <summary>True to pack layers that are not, as they are in what <c>docker save</c> writes, with gzip.</summary>
    public bool Compress { get; init; }

    /// <summary>Where to unpack: of each image what suits the target's platform (this machine's if it names none) best.</summary>
    public IReadOnlyList<UnpackTarget> Unpacks { get; init; } = [];
}
