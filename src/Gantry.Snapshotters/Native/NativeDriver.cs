using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Gantry.Snapshotters.Shared;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Snapshotters.Native;

/// <summary>
/// Snapshots as full copies of their parents. It works on every filesystem; on one that can share blocks (btrfs, xfs)
/// the copies share them.
/// </summary>
public sealed class NativeDriver : ISnapshotDriver, IAsyncDisposable
{
    // rwxr-xr-x: 0755.
    private const uint RootMode = 0x1ED;

    private readonly SnapshotDirectories _directories;

    private NativeDriver(string root, SnapshotDirectories directories)
    {
        Root = root;
        _directories = directories;
    }

    /// <inheritdoc/>
    public string Name => "native";

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => [];

    /// <summary>Opens the driver, making its directories if need be.</summary>
    /// <param name="root">Its own directory, such as <c>ROOT/io.containerd.snapshotter.v1.native</c>.</param>
    /// <param name="logger">Where its logs go.</param>
    public static NativeDriver Create(string root, ILogger<NativeDriver> logger)
    {
        Directory.CreateDirectory(root);
        return new NativeDriver(root, new SnapshotDirectories(root, logger));
    }

    /// <inheritdoc/>
    public Task CreateAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parents);

        // A view of a parent is the parent's own directory.
        return kind == SnapshotKind.View && parents.Count > 0
            ? Task.CompletedTask
            : Task.Run(() => _directories.Create(id, path => Fill(path, parents, cancellationToken)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Mount>> MountsAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parents);
        bool isView = kind == SnapshotKind.View;
        string source = _directories.Of(isView && parents.Count > 0 ? parents[0] : id);
        return Task.FromResult<IReadOnlyList<Mount>>([new Mount("bind", source, ["rbind", isView ? "ro" : "rw"])]);
    }

    /// <inheritdoc/>
    public Task<SnapshotUsage> CommitAsync(
        long id,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken) => DiskUsage.OfSyncedAsync(_directories.Of(id), cancellationToken);

    /// <inheritdoc/>
    public Task<SnapshotUsage> UsageAsync(long id, IReadOnlyList<long> parents, CancellationToken cancellationToken) =>
        DiskUsage.OfAsync(_directories.Of(id), cancellationToken);

    /// <inheritdoc/>
    public Task RemoveAsync(long id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _directories.Remove(id);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CleanupAsync(IReadOnlySet<long>? known, CancellationToken cancellationToken) =>
        _directories.CleanupAsync(known, cancellationToken);

    /// <inheritdoc/>
    public long GreatestId() => _directories.GreatestId();

    /// <inheritdoc/>
    public IReadOnlySet<long>? ListIds() => _directories.ListIds();

    /// <summary>Ends the background work; what was not removed yet is removed by the next run.</summary>
    public ValueTask DisposeAsync() => _directories.DisposeAsync();

    private void Fill(string path, IReadOnlyList<long> parents, CancellationToken cancellationToken)
    {
        if (parents.Count > 0)
        {
            TreeCopy.Run(_directories.Of(parents[0]), path, cancellationToken);

            // Data first, then the name: a copy that the power takes half of would pass for a whole one.
            FileSync.Syncfs(path);
            return;
        }

        using SafeFileHandle made = Open.Directory(path);
        Permissions.Set(made, RootMode);
    }
}
