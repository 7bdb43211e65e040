using Gantry.Core.Content;
using Gantry.Storage.Content;
using Gantry.Storage.Snapshots;

namespace Gantry.Storage.Adopt;

/// <summary>What is to be written of a namespace; what there may be many of is read as it is asked for, once.</summary>
/// <param name="Source">What containerd has of it: its images, containers, sandboxes and leases are taken over as they are.</param>
/// <param name="Blobs">The blobs whose file is there.</param>
/// <param name="Ingests">The ingests whose directory is whole, and when each may be collected.</param>
/// <param name="Snapshots">The snapshots, parents before their children.</param>
internal sealed record PlannedNamespace(
    ContainerdNamespace Source,
    IEnumerable<ContentInfo> Blobs,
    IEnumerable<(Ingest Ingest, DateTimeOffset? ExpiresAt)> Ingests,
    IEnumerable<(string Snapshotter, SnapshotRow Row)> Snapshots);
