using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Storage.Gc;

namespace Gantry.Storage.Adopt;

/// <summary>All that containerd's metadata has of a namespace, and what of it can't be taken over.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its labels.</param>
internal sealed record ContainerdNamespace(string Name, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Blobs.</summary>
    public List<ContentInfo> Blobs { get; } = [];

    /// <summary>Images.</summary>
    public List<ImageRecord> Images { get; } = [];

    /// <summary>Containers.</summary>
    public List<ContainerRecord> Containers { get; } = [];

    /// <summary>Snapshots of all snapshotters.</summary>
    public List<ContainerdSnapshot> Snapshots { get; } = [];

    /// <summary>Leases and what they keep.</summary>
    public List<(Lease Lease, List<Reference> Resources)> Leases { get; } = [];

    /// <summary>What is there and can't be taken over.</summary>
    public List<AdoptionSkip> Skipped { get; } = [];
}
