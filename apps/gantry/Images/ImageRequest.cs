using Gantry.Cli.Registries;
using Gantry.Oci.Image;

namespace Gantry.Cli.Images;

/// <summary>How to get at an image.</summary>
/// <param name="Snapshotter">What to unpack it with.</param>
/// <param name="Target">What it is to run on.</param>
/// <param name="Access">How to get at its registry.</param>
internal sealed record ImageRequest(string Snapshotter, Platform Target, RegistryAccess Access)
{
    /// <summary>What will do to run there.</summary>
    public PlatformMatcher Platform { get; } = PlatformMatcher.Only(Target);

    /// <summary>Whether this process pulls, and not the daemon.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Whether all its platforms are pulled; unpacked is only what it is to run on.</summary>
    public bool AllPlatforms { get; init; }
}
