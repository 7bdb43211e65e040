using Gantry.Core.Content;
using Gantry.Storage.Snapshots;

namespace Gantry.Storage.Adopt;

/// <summary>What is to be written of a namespace.</summary>
/// <param name="Source">What containerd has of it: its images, containers and leases are taken over as they are.</param>
/// <param name="Blobs">The blobs whose file is there.</param>
/// <param name="Snapshots">The snapshots, parents before their children.</param>
internal sealed record PlannedNamespace(
    ContainerdNamespace Source,
    IReadOnlyList<ContentInfo> Blobs,
    IReadOnlyList<(string Snapshotter, SnapshotRow Row)> Snapshots);
