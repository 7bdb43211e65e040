using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Linux.Mounts;
using Gantry.Linux.Syscalls;
using Gantry.Snapshotters.Shared;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Subvolumes = Gantry.Linux.Filesystems.Btrfs;

namespace Gantry.Snapshotters.Btrfs;

/// <summary>
/// Snapshots as subvolumes of btrfs: <c>active/ID</c>, <c>view/ID</c>, and once committed <c>snapshots/ID</c>, read only.
/// A commit is a flag and a rename; a removed one is renamed to <c>.rm-…</c> and destroyed by a worker.
/// </summary>
public sealed class BtrfsDriver : ISnapshotDriver, IAsyncDisposable
{
    private const string Active = "active";
    private const string View = "view";
    private const string Committed = "snapshots";

    // rwxr-xr-x: 0755.
    private const uint RootMode = 0x1ED;

    private static readonly string[] Places = [Active, View, Committed];

    private readonly string _device;
    private readonly RemovalWorker _removals;

    private BtrfsDriver(string root, string device, ILogger logger)
    {
        Root = root;
        _device = device;
        _removals = new RemovalWorker(root, logger, BtrfsRemoval.Remove);
    }

    /// <inheritdoc/>
    public string Name => "btrfs";

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => [];

    /// <summary>Says why snapshots can't be in a directory.</summary>
    /// <param name="root">The directory; it need not exist.</param>
    /// <returns>Null if they can, else the text for a <c>skip plugin</c>.</returns>
    public static string? Probe(string root)
    {
        try
        {
            string existing = Path.GetFullPath(root);
            while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } above)
            {
                existing = above;
            }

            return Subvolumes.IsBtrfs(existing)
                ? null
                : $"path {root} ({MountOf(existing)?.FilesystemType}) must be a btrfs filesystem to be used with the btrfs snapshotter";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"path {root}: {e.Message}";
        }
    }

    /// <summary>Opens the driver, making its directories if need be.</summary>
    /// <param name="root">Its own directory, on btrfs.</param>
    /// <param name="logger">Where its logs go.</param>
    /// <exception cref="GantryException">FailedPrecondition: the directory is not on btrfs.</exception>
    public static BtrfsDriver Create(string root, ILogger<BtrfsDriver> logger)
    {
        if (Probe(root) is { } reason)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, reason);
        }

        foreach (string place in Places)
        {
            Directory.CreateDirectory(Path.Combine(root, place));
        }

        FileSync.FsyncDirectory(root);
        return new BtrfsDriver(root, MountOf(root)?.Source ?? "", logger);
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
        bool isView = kind == SnapshotKind.View;
        string path = PathOf(isView ? View : Active, id);

        // Off the caller's thread: making a snapshot waits for the filesystem's transaction.
        return Task.Run(() => Make(path, parents, isView), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Mount>> MountsAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string path = kind == SnapshotKind.View ? PathOf(View, id) : Writable(id);
        List<string> options = [string.Create(CultureInfo.InvariantCulture, $"subvolid={Subvolumes.SubvolumeId(path)}")];
        if (kind == SnapshotKind.View)
        {
            options.Add("ro");
        }

        return Task.FromResult<IReadOnlyList<Mount>>([new Mount("btrfs", _device, options)]);
    }

    /// <inheritdoc/>
    public Task<SnapshotUsage> CommitAsync(
        long id,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                string path = Writable(id);
                string committed = PathOf(Committed, id);

                // Data first, then what says that it is whole; the second time for flag and name.
                FileSync.Syncfs(path);
                SnapshotUsage usage = UsageOf(path, parents, cancellationToken);
                Link.Rename(path, committed);
                Subvolumes.SetReadOnly(committed, isReadOnly: true);
                FileSync.Syncfs(committed);
                return usage;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<SnapshotUsage> UsageAsync(long id, IReadOnlyList<long> parents, CancellationToken cancellationToken) =>
        Task.Run(
            () => Find(id) is { } path ? UsageOf(path, parents, cancellationToken) : default,
            cancellationToken);

    /// <inheritdoc/>
    public Task RemoveAsync(long id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Find(id) is { } path)
        {
            SetAside(path);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CleanupAsync(IReadOnlySet<long>? known, CancellationToken cancellationToken)
    {
        if (known is not null)
        {
            foreach ((long id, string path) in All())
            {
                if (!known.Contains(id))
                {
                    SetAside(path);
                }
            }
        }

        return _removals.DrainAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public long GreatestId() => All().Select(snapshot => snapshot.Id).DefaultIfEmpty().Max();

    /// <summary>Ends the background work; what was not removed yet is removed by the next run.</summary>
    public ValueTask DisposeAsync() => _removals.DisposeAsync();

    /// <summary>The mount that a directory is in: of those at its longest prefix the one made last.</summary>
    private static MountInfo? MountOf(string directory)
    {
        string full = Path.GetFullPath(directory) + "/";
        return MountInfo.ReadAll()
            .Where(mount => full.StartsWith(mount.MountPoint.TrimEnd('/') + "/", StringComparison.Ordinal))
            .Reverse()
            .MaxBy(mount => mount.MountPoint.Length);
    }

    private void Make(string path, IReadOnlyList<long> parents, bool isView)
    {
        if (parents.Count > 0)
        {
            Subvolumes.CreateSnapshot(PathOf(Committed, parents[0]), path, isView);
            return;
        }

        Subvolumes.CreateSubvolume(path);
        using (SafeFileHandle made = Open.Directory(path))
        {
            Permissions.Set(made, RootMode);
        }

        if (isView)
        {
            Subvolumes.SetReadOnly(path, isReadOnly: true);
        }
    }

    /// <summary>The subvolume of an active snapshot. One whose commit was never recorded is made writable again.</summary>
    private string Writable(long id)
    {
        string path = PathOf(Active, id);
        string committed = PathOf(Committed, id);
        if (!Directory.Exists(path) && Directory.Exists(committed))
        {
            Subvolumes.SetReadOnly(committed, isReadOnly: false);
            Link.Rename(committed, path);
        }

        return path;
    }

    private void SetAside(string path)
    {
        // The kernel renames no subvolume that is read only.
        Subvolumes.SetReadOnly(path, isReadOnly: false);
        _removals.SetAside(path);
    }

    private SnapshotUsage UsageOf(string path, IReadOnlyList<long> parents, CancellationToken cancellationToken) =>
        parents.Count == 0
            ? DiskUsage.Of(path, cancellationToken)
            : DiskUsage.OfChanges(path, PathOf(Committed, parents[0]), cancellationToken);

    private string? Find(long id) => Places.Select(place => PathOf(place, id)).FirstOrDefault(Directory.Exists);

    private IEnumerable<(long Id, string Path)> All()
    {
        foreach (string path in Places.SelectMany(place => Directory.EnumerateDirectories(Path.Combine(Root, place))))
        {
            if (long.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out long id))
            {
                yield return (id, path);
            }
        }
    }

    private string PathOf(string place, long id) =>
        Path.Combine(Root, place, id.ToString(CultureInfo.InvariantCulture));
}
