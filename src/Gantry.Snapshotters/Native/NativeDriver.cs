using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Microsoft.Extensions.Logging;

namespace Gantry.Snapshotters.Native;

/// <summary>Snapshots as full copies of their parents.</summary>
public sealed class NativeDriver : ISnapshotDriver, IAsyncDisposable
{
    /// <inheritdoc/>
    public string Name => "native";

    /// <inheritdoc/>
    public string Root => throw new NotSupportedException();

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => throw new NotSupportedException();

    /// <summary>Opens the driver, making its directories if need be.</summary>
    /// <param name="root">Its own directory, such as <c>ROOT/io.containerd.snapshotter.v1.native</c>.</param>
    /// <param name="logger">Where its logs go.</param>
    public static NativeDriver Create(string root, ILogger<NativeDriver> logger) =>
        throw new NotSupportedException();

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
