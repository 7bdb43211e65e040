using Gantry.Oci.Image;

namespace Gantry.Core.Images;

/// <summary>A name that points at content.</summary>
/// <param name="Name">Any text that is not empty; by custom a full reference such as <c>docker.io/library/busybox:latest</c>.</param>
/// <param name="Target">The manifest or index.</param>
/// <param name="Labels">Labels.</param>
/// <param name="CreatedAt">When the name was made.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record ImageRecord(
    string Name,
    Descriptor Target,
    IReadOnlyDictionary<string, string> Labels,
    DateTimeOffset CreatedAt = default,
    DateTimeOffset UpdatedAt = default);
