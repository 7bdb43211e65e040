using Gantry.Oci.Image;

namespace Gantry.Core.Content;

/// <summary>A blob, as a namespace sees it.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="CreatedAt">When it was committed in this namespace.</param>
/// <param name="UpdatedAt">When its labels last changed.</param>
/// <param name="Labels">Its labels.</param>
public sealed record ContentInfo(
    Digest Digest,
    long Size,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    IReadOnlyDictionary<string, string> Labels);
