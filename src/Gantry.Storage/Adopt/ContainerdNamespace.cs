using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Sandboxes;
using Gantry.Storage.Gc;

namespace Gantry.Storage.Adopt;

/// <summary>
/// All that containerd's metadata has of a namespace, and what of it can't be taken over. What there may be many of is
/// read as it is asked for, once.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its labels.</param>
internal sealed record ContainerdNamespace(string Name, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Blobs.</summary>
    public IEnumerable<ContentInfo> Blobs { get; init; } = [];

    /// <summary>Ingests.</summary>
    public IEnumerable<ContainerdIngest> Ingests { get; init; } = [];

    /// <summary>Images.</summary>
    public IEnumerable<ImageRecord> Images { get; init; } = [];

    /// <summary>Containers.</summary>
    public IEnumerable<ContainerRecord> Containers { get; init; } = [];

    /// <summary>Sandboxes.</summary>
    public IEnumerable<SandboxRecord> Sandboxes { get; init; } = [];

    /// <summary>Snapshots of all snapshotters.</summary>
    public IEnumerable<ContainerdSnapshot> Snapshots { get; init; } = [];

    /// <summary>Leases and what they keep.</summary>
    public IEnumerable<(Lease Lease, List<Reference> Resources)> Leases { get; init; } = [];

    /// <summary>What is there and can't be taken over: it grows while the rest is read.</summary>
    public required List<AdoptionSkip> Skipped { get; init; }

    /// <summary>Adds to what can't be taken over.</summary>
    public void Skip(int count, string what, string reason)
    {
        if (count > 0)
        {
            Skipped.Add(new AdoptionSkip(Name, count, what, reason));
        }
    }
}
