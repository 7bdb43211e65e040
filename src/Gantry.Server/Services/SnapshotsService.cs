using Gantry.Api.Mapping;
using Gantry.Api.Services.Snapshots;
using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.snapshots.v1.Snapshots.</summary>
internal sealed class SnapshotsService(IMetadata metadata) : Snapshots.SnapshotsBase
{
    /// <inheritdoc/>
    public override async Task<PrepareSnapshotResponse> Prepare(
        PrepareSnapshotRequest request,
        ServerCallContext context)
    {
        IReadOnlyList<Mount> mounts = await Snapshotter(request.Snapshotter, context).PrepareAsync(
            request.Key,
            request.Parent,
            request.Labels.ToRecord(),
            context.CancellationToken);
        PrepareSnapshotResponse response = new();
        response.Mounts.AddRange(mounts.ToMessages());
        return response;
    }

    /// <inheritdoc/>
    public override async Task<ViewSnapshotResponse> View(ViewSnapshotRequest request, ServerCallContext context)
    {
        IReadOnlyList<Mount> mounts = await Snapshotter(request.Snapshotter, context).ViewAsync(
            request.Key,
            request.Parent,
            request.Labels.ToRecord(),
            context.CancellationToken);
        ViewSnapshotResponse response = new();
        response.Mounts.AddRange(mounts.ToMessages());
        return response;
    }

    /// <inheritdoc/>
    public override async Task<MountsResponse> Mounts(MountsRequest request, ServerCallContext context)
    {
        IReadOnlyList<Mount> mounts =
            await Snapshotter(request.Snapshotter, context).MountsAsync(request.Key, context.CancellationToken);
        MountsResponse response = new();
        response.Mounts.AddRange(mounts.ToMessages());
        return response;
    }

    /// <inheritdoc/>
    public override async Task<Empty> Commit(CommitSnapshotRequest request, ServerCallContext context)
    {
        await Snapshotter(request.Snapshotter, context).CommitAsync(
            request.Name,
            request.Key,
            request.Parent,
            request.Labels.ToRecord(),
            context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<Empty> Remove(RemoveSnapshotRequest request, ServerCallContext context)
    {
        await Snapshotter(request.Snapshotter, context).RemoveAsync(request.Key, context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<StatSnapshotResponse> Stat(StatSnapshotRequest request, ServerCallContext context)
    {
        SnapshotInfo info =
            await Snapshotter(request.Snapshotter, context).StatAsync(request.Key, context.CancellationToken);
        return new StatSnapshotResponse { Info = info.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<UpdateSnapshotResponse> Update(UpdateSnapshotRequest request, ServerCallContext context)
    {
        SnapshotInfo info = await Snapshotter(request.Snapshotter, context).UpdateAsync(
            request.Info.ToRecord(),
            request.UpdateMask.ToRecord(),
            context.CancellationToken);
        return new UpdateSnapshotResponse { Info = info.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<UsageResponse> Usage(UsageRequest request, ServerCallContext context)
    {
        SnapshotUsage usage =
            await Snapshotter(request.Snapshotter, context).UsageAsync(request.Key, context.CancellationToken);
        return new UsageResponse { Size = usage.Size, Inodes = usage.Inodes };
    }

    /// <inheritdoc/>
    public override async Task<Empty> Cleanup(CleanupRequest request, ServerCallContext context)
    {
        await Snapshotter(request.Snapshotter, context).CleanupAsync(context.CancellationToken);
        return new Empty();
    }

    /// <summary>The error of a call that names no snapshotter.</summary>
    internal static GantryException NoSnapshotter() =>
        new(ErrorKind.InvalidArgument, "snapshotter argument missing");

    private ISnapshotter Snapshotter(string name, ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        return name.Length > 0
            ? scope.Snapshots(name)
            : throw NoSnapshotter();
    }
}
