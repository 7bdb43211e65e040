using Gantry.Api.Mapping;
using Gantry.Api.Services.Snapshots;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using System.Runtime.CompilerServices;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Gantry.Client.Snapshots;

/// <summary>A snapshotter of a daemon, as a namespace sees it.</summary>
internal sealed class RemoteSnapshotter(Connection connection, RpcHeaders headers, string name) : ISnapshotter
{
    public async Task<SnapshotInfo> StatAsync(string key, CancellationToken cancellationToken)
    {
        StatSnapshotResponse response = new();
        await connection.CallAsync(
            "/containerd.services.snapshots.v1.Snapshots/Stat",
            new StatSnapshotRequest { Snapshotter = name, Key = key },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async Task<SnapshotInfo> UpdateAsync(
        SnapshotInfo info,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        UpdateSnapshotResponse response = new();
        await connection.CallAsync(
            "/containerd.services.snapshots.v1.Snapshots/Update",
            new UpdateSnapshotRequest { Snapshotter = name, Info = info.ToMessage(), UpdateMask = mask.ToMessage() },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async IAsyncEnumerable<SnapshotInfo> ListAsync(
        IReadOnlyList<string> filters,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using RpcReader reader = connection.Read(
            "/containerd.services.snapshots.v1.Snapshots/List",
            new ListSnapshotsRequest { Snapshotter = name, Filters = { filters } },
            headers,
            cancellationToken);
        ListSnapshotsResponse batch = new();
        while (await reader.ReadAsync(batch, cancellationToken).ConfigureAwait(false))
        {
            foreach (Info info in batch.Info)
            {
                yield return info.ToRecord();
            }

            batch = new ListSnapshotsResponse();
        }
    }

    public async Task<SnapshotUsage> UsageAsync(string key, CancellationToken cancellationToken)
    {
        UsageResponse response = new();
        await connection.CallAsync(
            "/containerd.services.snapshots.v1.Snapshots/Usage",
            new UsageRequest { Snapshotter = name, Key = key },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.ToRecord();
    }

    public async Task<IReadOnlyList<Mount>> MountsAsync(string key, CancellationToken cancellationToken)
    {
        MountsResponse response = new();
        await connection.CallAsync(
            "/containerd.services.snapshots.v1.Snapshots/Mounts",
            new MountsRequest { Snapshotter = name, Key = key },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Mounts.ToRecords();
    }

    public async Task<IReadOnlyList<Mount>> PrepareAsync(
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        PrepareSnapshotRequest request = new() { Snapshotter = name, Key = key, Parent = parent };
        request.Labels.Fill(labels);
        PrepareSnapshotResponse response = new();
        await connection.CallAsync(
            "/containerd.services.snapshots.v1.Snapshots/Prepare",
            request,
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Mounts.ToRecords();
    }

    public async Task<IReadOnlyList<Mount>> ViewAsync(
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        ViewSnapshotRequest request = new() { Snapshotter = name, Key = key, Parent = parent };
        request.Labels.Fill(labels);
        ViewSnapshotResponse response = new();
        await connection.CallAsync(
            "/containerd.services.snapshots.v1.Snapshots/View",
            request,
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Mounts.ToRecords();
    }

    public async Task CommitAsync(
        string committed,
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        CommitSnapshotRequest request = new() { Snapshotter = name, Name = committed, Key = key, Parent = parent };
        request.Labels.Fill(labels);
        await connection.CallAsync(
            "/containerd.services.snapshots.v1.Snapshots/Commit",
            request,
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);
    }

    public async Task RemoveAsync(string key, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.snapshots.v1.Snapshots/Remove",
            new RemoveSnapshotRequest { Snapshotter = name, Key = key },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);

    public async Task CleanupAsync(CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.snapshots.v1.Snapshots/Cleanup",
            new CleanupRequest { Snapshotter = name },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);
}
