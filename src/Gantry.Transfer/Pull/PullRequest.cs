using System.Collections.Immutable;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Pull;

/// <summary>What to pull.</summary>
/// <param name="Reference">The full name; the image record gets it as its name, unless <see cref="Name"/> says otherwise.</param>
public sealed record PullRequest(Reference Reference)
{
    /// <summary>The name of the image record; null for the reference.</summary>
    public string? Name { get; init; }

    /// <summary>Is asked once it is known what the reference stands for, and ends the pull by an error.</summary>
    public Func<Descriptor, CancellationToken, Task>? Verify { get; init; }

    /// <summary>Of an index, only the best match is fetched.</summary>
    public PlatformMatcher Platform { get; init; } = PlatformMatcher.Default;

    /// <summary>True to fetch every manifest that <see cref="Platform"/> matches, and not only the best.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>The snapshotter to unpack into; null to unpack nothing.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>What is fetched for other platforms than this is not unpacked; null to unpack everything.</summary>
    public PlatformMatcher? UnpackPlatform { get; init; }

    /// <summary>
    /// Whether the snapshotter may have layers without their being downloaded: it is told where they are, and only those
    /// are fetched that it does not have then.
    /// </summary>
    public bool RemoteSnapshots { get; init; }

    /// <summary>How many blobs are downloaded at once at most.</summary>
    public int MaxConcurrentDownloads { get; init; } = 3;

    /// <summary>Labels of the image record.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;
}
