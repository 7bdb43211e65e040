using Gantry.Api.Events;
using Gantry.Core;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;

namespace Gantry.Server.Publishing;

/// <summary>Snapshots whose changes are told: what is prepared, committed and removed, not what is viewed.</summary>
internal sealed class PublishedSnapshotter(
    ISnapshotter snapshots, string snapshotter, Namespace ns, EventPublisher events) : ISnapshotter
{
    /// <inheritdoc/>
    public Task<SnapshotInfo> StatAsync(string key, CancellationToken cancellationToken) =>
        snapshots.StatAsync(key, cancellationToken);

    /// <inheritdoc/>
    public Task<SnapshotInfo> UpdateAsync(SnapshotInfo info, FieldMask mask, CancellationToken cancellationToken) =>
        snapshots.UpdateAsync(info, mask, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<SnapshotInfo> ListAsync(
        IReadOnlyList<string> filters, CancellationToken cancellationToken) => snapshots.ListAsync(filters, cancellationToken);

    /// <inheritdoc/>
    public Task<SnapshotUsage> UsageAsync(string key, CancellationToken cancellationToken) =>
        snapshots.UsageAsync(key, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Mount>> MountsAsync(string key, CancellationToken cancellationToken) =>
        snapshots.MountsAsync(key, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Mount>> PrepareAsync(
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<Mount> mounts = await snapshots.PrepareAsync(key, parent, labels, cancellationToken);
        SnapshotPrepare prepared = new() { Key = key, Parent = parent, Snapshotter = snapshotter };
        await events.PublishAsync(ns, "/snapshot/prepare", prepared);
        return mounts;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Mount>> ViewAsync(
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) => snapshots.ViewAsync(key, parent, labels, cancellationToken);

    /// <inheritdoc/>
    public async Task CommitAsync(
        string name,
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        await snapshots.CommitAsync(name, key, parent, labels, cancellationToken);
        SnapshotCommit committed = new() { Key = key, Name = name, Snapshotter = snapshotter };
        await events.PublishAsync(ns, "/snapshot/commit", committed);
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(string key, CancellationToken cancellationToken)
    {
        await snapshots.RemoveAsync(key, cancellationToken);
        await events.PublishAsync(ns, "/snapshot/remove", new SnapshotRemove { Key = key, Snapshotter = snapshotter });
    }

    /// <inheritdoc/>
    public Task CleanupAsync(CancellationToken cancellationToken) => snapshots.CleanupAsync(cancellationToken);
}
