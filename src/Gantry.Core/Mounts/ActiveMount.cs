namespace Gantry.Core.Mounts;

/// <summary>A mount that has been made.</summary>
/// <param name="Mount">What was mounted, with everything filled in.</param>
/// <param name="MountPoint">Where it is: a directory, or the link to a device.</param>
/// <param name="MountedAt">When it was made.</param>
public sealed record ActiveMount(Mount Mount, string MountPoint, DateTimeOffset MountedAt)
{
    /// <summary>What else is known of it, such as the file behind a loop device.</summary>
    public IReadOnlyDictionary<string, string> Data { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;
}
