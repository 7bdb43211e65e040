using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Microsoft.Extensions.Logging;

namespace Gantry.Snapshotters.Overlay;

/// <summary>Snapshots as directories that overlayfs stacks.</summary>
public sealed class OverlayDriver : ISnapshotDriver, IAsyncDisposable
{
    /// <inheritdoc/>
    public string Name => "overlayfs";

    /// <inheritdoc/>
    public string Root => throw new NotSupportedException();

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => throw new NotSupportedException();

    /// <summary>Opens the driver, making its directories if need be.</summary>
    /// <param name="root">Its own directory, such as <c>ROOT/io.containerd.snapshotter.v1.overlayfs</c>.</param>
    /// <param name="options">Options.</param>
    /// <param name="logger">Where its logs go.</param>
    public static OverlayDriver Create(string root, OverlayOptions options, ILogger<OverlayDriver> logger) =>
        throw new NotSupportedException();

    /// <summary>Tries a real overlay mount below a directory.</summary>
    /// <param name="root">A directory on the filesystem that is to hold the snapshots; it is made if need be.</param>
    /// <returns>Null if it works, else why it does not: the text for a <c>skip plugin</c>.</returns>
    public static string? Probe(string root) => throw new NotSupportedException();

    /// <inheritdoc/>
    public Task CreateAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public IReadOnlyList<Mount> Mounts(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels) => throw new NotSupportedException();

    /// <inheritdoc/>
    public Task<SnapshotUsage> CommitAsync(long id, IReadOnlyList<long> parents, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public Task<SnapshotUsage> UsageAsync(long id, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public Task RemoveAsync(long id, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public Task CleanupAsync(IReadOnlySet<long>? known, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public long GreatestId() => throw new NotSupportedException();

    /// <summary>Ends the background work; what was not removed yet is removed by the next run.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
