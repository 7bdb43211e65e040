using Gantry.Oci.Image;

namespace Gantry.Transfer.Push;

/// <summary>What to push.</summary>
/// <param name="Image">The name of the image record.</param>
/// <param name="Target">Where to: the full name it is to have there.</param>
public sealed record PushRequest(string Image, Reference Target)
{
    /// <summary>Push only the best match of the index, as an image of one platform; null to push it whole.</summary>
    public PlatformMatcher? Platform { get; init; }

    /// <summary>How many blobs are sent at once at most.</summary>
    public int MaxConcurrentUploads { get; init; } = 4;
}
