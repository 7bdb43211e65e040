using System.Runtime.CompilerServices;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Snapshots;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Grpc.Core;

namespace Gantry.Client.Snapshots;

/// <summary>A snapshotter of a daemon, as a namespace sees it.</summary>
internal sealed class RemoteSnapshotter(Connection connection, Metadata headers, string name) : ISnapshotter
{
    private readonly Api.Services.Snapshots.Snapshots.SnapshotsClient _api = new(connection.Invoker);

    public async Task<SnapshotInfo> StatAsync(string key, CancellationToken cancellationToken)
    {
        StatSnapshotResponse response = await connection.UnaryAsync(_api.StatAsync(
            new StatSnapshotRequest { Snapshotter = name, Key = key },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async Task<SnapshotInfo> UpdateAsync(
        SnapshotInfo info,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        UpdateSnapshotResponse response = await connection.UnaryAsync(_api.UpdateAsync(
            new UpdateSnapshotRequest { Snapshotter = name, Info = info.ToMessage(), UpdateMask = mask.ToMessage() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async IAsyncEnumerable<SnapshotInfo> ListAsync(
        IReadOnlyList<string> filters,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<ListSnapshotsResponse> call = _api.List(
            new ListSnapshotsRequest { Snapshotter = name, Filters = { filters } },
            headers,
            cancellationToken: cancellationToken);
        while (await connection.NextAsync(call.ResponseStream, cancellationToken).ConfigureAwait(false))
        {
            foreach (Info info in call.ResponseStream.Current.Info)
            {
                yield return info.ToRecord();
            }
        }
    }

    public async Task<SnapshotUsage> UsageAsync(string key, CancellationToken cancellationToken)
    {
        UsageResponse response = await connection.UnaryAsync(_api.UsageAsync(
            new UsageRequest { Snapshotter = name, Key = key },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.ToRecord();
    }

    public async Task<IReadOnlyList<Mount>> MountsAsync(string key, CancellationToken cancellationToken)
    {
        MountsResponse response = await connection.UnaryAsync(_api.MountsAsync(
            new MountsRequest { Snapshotter = name, Key = key },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
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
        PrepareSnapshotResponse response = await connection.UnaryAsync(
            _api.PrepareAsync(request, headers, cancellationToken: cancellationToken)).ConfigureAwait(false);
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
        ViewSnapshotResponse response = await connection.UnaryAsync(
            _api.ViewAsync(request, headers, cancellationToken: cancellationToken)).ConfigureAwait(false);
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
        await connection.UnaryAsync(
            _api.CommitAsync(request, headers, cancellationToken: cancellationToken)).ConfigureAwait(false);
    }

    public async Task RemoveAsync(string key, CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.RemoveAsync(
            new RemoveSnapshotRequest { Snapshotter = name, Key = key },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);

    public async Task CleanupAsync(CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.CleanupAsync(
            new CleanupRequest { Snapshotter = name },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
}
