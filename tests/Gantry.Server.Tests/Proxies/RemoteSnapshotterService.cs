using System.Collections.Concurrent;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Snapshots;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Snapshots;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Tests.Proxies;

/// <summary>Snapshots by gRPC, of which some are there before anybody has made them, as a remote snapshotter has them.</summary>
internal sealed class RemoteSnapshotterService(ISnapshotter snapshots) : Snapshots.SnapshotsBase
{
    /// <summary>The targets that it has; what is in them is a file <c>remote</c>.</summary>
    public HashSet<string> Targets { get; } = [];

    /// <summary>Whether it says that it has a target, and does not.</summary>
    public bool Lies { get; set; }

    /// <summary>The namespaces that callers have told.</summary>
    public ConcurrentDictionary<string, bool> Namespaces { get; } = [];

    public override async Task<UpdateSnapshotResponse> Update(UpdateSnapshotRequest request, ServerCallContext context)
    {
        SnapshotInfo info = await snapshots.UpdateAsync(
            request.Info.ToRecord(), request.UpdateMask.ToRecord(), context.CancellationToken);
        return new UpdateSnapshotResponse { Info = info.ToMessage() };
    }

    public override async Task<PrepareSnapshotResponse> Prepare(
        PrepareSnapshotRequest request,
        ServerCallContext context)
    {
        Namespaces[context.RequestHeaders.GetValue("containerd-namespace") ?? ""] = true;
        Dictionary<string, string> labels = new(request.Labels, StringComparer.Ordinal);
        string target = labels.GetValueOrDefault(WellKnownLabels.SnapshotRef, "");
        if (Targets.Contains(target))
        {
            await HaveAsync(request, target, labels, context.CancellationToken);
            throw new GantryException(ErrorKind.AlreadyExists, $"target snapshot \"{target}\"");
        }

        // To the store below, the label would be a question of its own.
        labels.Remove(WellKnownLabels.SnapshotRef);
        PrepareSnapshotResponse response = new();
        response.Mounts.AddRange(
            (await snapshots.PrepareAsync(request.Key, request.Parent, labels, context.CancellationToken)).ToMessages());
        return response;
    }

    public override async Task<ViewSnapshotResponse> View(ViewSnapshotRequest request, ServerCallContext context)
    {
        ViewSnapshotResponse response = new();
        response.Mounts.AddRange((await snapshots.ViewAsync(
            request.Key, request.Parent, request.Labels, context.CancellationToken)).ToMessages());
        return response;
    }

    public override async Task<MountsResponse> Mounts(MountsRequest request, ServerCallContext context)
    {
        MountsResponse response = new();
        response.Mounts.AddRange((await snapshots.MountsAsync(request.Key, context.CancellationToken)).ToMessages());
        return response;
    }

    public override async Task<Empty> Commit(CommitSnapshotRequest request, ServerCallContext context)
    {
        await snapshots.CommitAsync(
            request.Name, request.Key, request.Parent, request.Labels, context.CancellationToken);
        return new Empty();
    }

    public override async Task<Empty> Remove(RemoveSnapshotRequest request, ServerCallContext context)
    {
        await snapshots.RemoveAsync(request.Key, context.CancellationToken);
        return new Empty();
    }

    public override async Task<StatSnapshotResponse> Stat(StatSnapshotRequest request, ServerCallContext context) =>
        new() { Info = (await snapshots.StatAsync(request.Key, context.CancellationToken)).ToMessage() };

    public override async Task List(
        ListSnapshotsRequest request,
        IServerStreamWriter<ListSnapshotsResponse> responseStream,
        ServerCallContext context)
    {
        // As some do, it looks at no filter.
        await foreach (SnapshotInfo info in snapshots.ListAsync([], context.CancellationToken))
        {
            await responseStream.WriteAsync(
                new ListSnapshotsResponse { Info = { info.ToMessage() } }, context.CancellationToken);
        }
    }

    public override async Task<UsageResponse> Usage(UsageRequest request, ServerCallContext context)
    {
        SnapshotUsage usage = await snapshots.UsageAsync(request.Key, context.CancellationToken);
        return new UsageResponse { Inodes = usage.Inodes, Size = usage.Size };
    }

    private async Task HaveAsync(
        PrepareSnapshotRequest request,
        string target,
        Dictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        if (Lies)
        {
            return;
        }

        try
        {
            await snapshots.StatAsync(target, cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            string source = (await snapshots.PrepareAsync(
                request.Key, request.Parent, new Dictionary<string, string>(), cancellationToken))[0].Source;
            await File.WriteAllTextAsync(Path.Combine(source, "remote"), target, cancellationToken);
            await snapshots.CommitAsync(target, request.Key, "", labels, cancellationToken);
        }
    }
}
