using System.Collections.Immutable;
using Gantry.Oci.Image;
using Gantry.Transfer.Unpack;

namespace Gantry.Transfer.Pull;

/// <summary>What to pull.</summary>
/// <param name="Reference">The full name; the image record gets it as its name, unless <see cref="Name"/> says otherwise.</param>
public sealed record PullRequest(Reference Reference)
{
    /// <summary>The name of the image record, by what the reference stands for; null for the reference.</summary>
    public Func<Digest, string>? Name { get; init; }

    /// <summary>Is asked once it is known what the reference stands for, and ends the pull by an error.</summary>
    public Func<Descriptor, CancellationToken, Task>? Verify { get; init; }

    /// <summary>Of an index, only the best match is fetched.</summary>
    public PlatformMatcher Platform { get; init; } = PlatformMatcher.Default;

    /// <summary>True to fetch every manifest that <see cref="Platform"/> matches, and not only the best.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>Where to unpack: each manifest goes to the first that takes its platform, if one does.</summary>
    public IReadOnlyList<UnpackTarget> Unpacks { get; init; } = [];

    /// <summary>How many blobs are downloaded at once at most.</summary>
    public int MaxConcurrentDownloads { get; init; } = 3;

    /// <summary>Labels of the image record.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The name of the image record.</summary>
    /// <param name="target">What the reference stands for.</param>
    public string NameOf(Digest target) => Name is null ? Reference.ToString() : Name(target);

    /// <summary>Where to unpack a manifest; null for nowhere.</summary>
    /// <param name="manifest">What leads to the manifest.</param>
    public UnpackTarget? UnpackOf(Descriptor manifest) => Unpacks.FirstOrDefault(target => target.Takes(manifest.Platform));
}
