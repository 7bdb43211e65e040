using System.Collections.Immutable;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Linux;
using Gantry.Linux.Mounts;
using Gantry.Linux.Syscalls;
using Gantry.Snapshotters.Shared;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Snapshotters.Overlay;

/// <summary>
/// Snapshots as directories that overlayfs stacks: <c>snapshots/ID/fs</c> holds what a snapshot differs in from its
/// parent, and <c>snapshots/ID/work</c> is what the kernel needs beside a directory that is written to.
/// </summary>
public sealed class OverlayDriver : ISnapshotDriver, IAsyncDisposable
{
    private const string UpperDirectoryLabel = "containerd.io/snapshot/overlay.upperdir";

    // rwxr-xr-x: 0755, and rwx--x--x: 0711.
    private const uint FilesMode = 0x1ED;
    private const uint WorkMode = 0x1C9;

    private readonly SnapshotDirectories _directories;
    private readonly OverlayOptions _options;
    private readonly IReadOnlyList<string> _mountOptions;
    private readonly bool _canMapIds;
    private readonly DetachedSnapshots? _detached;

    private OverlayDriver(
        string root,
        OverlayOptions options,
        SnapshotDirectories directories,
        AttachLayer? attach)
    {
        Root = root;
        _options = options;
        _directories = directories;
        _mountOptions = options.MountOptions ?? OverlayKernel.MountOptions();
        _canMapIds = IdMappedMount.IsSupported(directories.Path);
        _detached = attach is null
            ? null
            : new DetachedSnapshots(directories, attach, _mountOptions.Contains("userxattr", StringComparer.Ordinal));

        // Names and meaning as containerd has them: without the second a client changes owners itself where the first
        // is missing.
        Capabilities =
        [
            "rebase",
            .. _canMapIds ? (string[])["remap-ids"] : [],
            .. options.AllowSlowChown ? (string[])[] : ["only-remap-ids"],
        ];
    }

    /// <inheritdoc/>
    public string Name => "overlayfs";

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities { get; }

    /// <summary>Opens the driver, making its directories if need be.</summary>
    /// <param name="root">Its own directory, such as <c>ROOT/io.containerd.snapshotter.v1.overlayfs</c>.</param>
    /// <param name="options">Options.</param>
    /// <param name="logger">Where its logs go.</param>
    /// <param name="attach">
    /// Puts layers on others that they were not applied on; null to have them applied on their parents only.
    /// </param>
    public static OverlayDriver Create(
        string root,
        OverlayOptions options,
        ILogger<OverlayDriver> logger,
        AttachLayer? attach = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        Directory.CreateDirectory(root);
        return new OverlayDriver(root, options, new SnapshotDirectories(root, logger), attach);
    }

    /// <summary>Tries a real overlay mount below a directory.</summary>
    /// <param name="root">A directory on the filesystem that is to hold the snapshots; it is made if need be.</param>
    /// <returns>Null if it works, else why it does not: the text for a <c>skip plugin</c>.</returns>
    public static string? Probe(string root) => OverlayKernel.Probe(root);

    /// <inheritdoc/>
    public Task CreateAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parents);
        ArgumentNullException.ThrowIfNull(labels);
        cancellationToken.ThrowIfCancellationRequested();
        IdMapping? mapping = IdMapping.Of(labels);
        bool isDetached = IsDetached(kind, parents, labels);
        _directories.Create(id, path => Fill(path, kind, parents, mapping, isDetached));
        if (isDetached)
        {
            _detached!.Add(id);
        }

        return Task.CompletedTask;
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
        ArgumentNullException.ThrowIfNull(labels);
        return Task.FromResult<IReadOnlyList<Mount>>([MountOf(id, kind, parents, labels)]);
    }

    /// <inheritdoc/>
    public Task<SnapshotUsage> CommitAsync(
        long id,
        IReadOnlyList<long> parents,
        CancellationToken cancellationToken) =>
        _detached?.Has(id) == true
            ? Task.Run(
                () =>
                {
                    _detached.Attach(id, Files(id), [.. parents.Select(Files)]);
                    return DiskUsage.Of(Files(id), cancellationToken);
                },
                cancellationToken)
            : DiskUsage.OfSyncedAsync(Files(id), cancellationToken);

    /// <inheritdoc/>
    public Task<SnapshotUsage> UsageAsync(long id, IReadOnlyList<long> parents, CancellationToken cancellationToken) =>
        DiskUsage.OfAsync(Files(id), cancellationToken);

    /// <inheritdoc/>
    public Task RemoveAsync(long id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _detached?.Forget(id);
        _directories.Remove(id);
        return _options.RemoveSynchronously
            ? _directories.CleanupAsync(known: null, cancellationToken)
            : Task.CompletedTask;
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> OwnLabels(long id) => _options.ShowUpperDirectory
        ? new Dictionary<string, string>(StringComparer.Ordinal) { [UpperDirectoryLabel] = Files(id) }
        : ImmutableDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public Task CleanupAsync(IReadOnlySet<long>? known, CancellationToken cancellationToken) =>
        _directories.CleanupAsync(known, cancellationToken);

    /// <inheritdoc/>
    public long GreatestId() => _directories.GreatestId();

    /// <inheritdoc/>
    public IReadOnlySet<long>? ListIds() => _directories.ListIds();

    /// <summary>Ends the background work; what was not removed yet is removed by the next run.</summary>
    public ValueTask DisposeAsync() => _directories.DisposeAsync();

    private Mount MountOf(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels)
    {
        bool isView = kind == SnapshotKind.View;
        if (IsDetached(kind, parents, labels))
        {
            // It can't be mounted: it is for whoever applies a layer.
            return new Mount(
                "overlay",
                "overlay",
                [
                    $"workdir={Path.Combine(_directories.Of(id), "work")}",
                    $"upperdir={Files(id)}",
                    DetachedNote.MountOption + _detached!.NoteOf(id),
                    .. _mountOptions,
                ]);
        }

        if (parents.Count == 0)
        {
            return new Mount("bind", Files(id), [isView ? "ro" : "rw", "rbind"]);
        }

        if (isView && parents.Count == 1)
        {
            return new Mount("bind", Files(parents[0]), ["ro", "rbind"]);
        }

        List<string> options = [];
        if (_canMapIds && IdMapping.Of(labels) is { } mapping)
        {
            options.AddRange(mapping.MountOptions());
        }

        if (!isView)
        {
            options.Add($"workdir={Path.Combine(_directories.Of(id), "work")}");
            options.Add($"upperdir={Files(id)}");
        }

        options.Add($"lowerdir={string.Join(':', parents.Select(Files))}");
        options.AddRange(_mountOptions);
        return new Mount("overlay", "overlay", options);
    }

    private bool IsDetached(
        SnapshotKind kind, IReadOnlyList<long> parents, IReadOnlyDictionary<string, string> labels) =>
        _detached is not null && kind == SnapshotKind.Active && parents.Count == 0
        && labels.ContainsKey(WellKnownLabels.Detached) && IdMapping.Of(labels) is null;

    private string Files(long id) => Path.Combine(_directories.Of(id), "fs");

    private void Fill(string path, SnapshotKind kind, IReadOnlyList<long> parents, IdMapping? mapping, bool isDetached)
    {
        using SafeFileHandle directory = Open.Directory(path);
        MakeDirectory(directory, "fs"u8, FilesMode);
        if (kind == SnapshotKind.Active)
        {
            MakeDirectory(directory, "work"u8, WorkMode);
        }

        if (isDetached)
        {
            DetachedSnapshots.MakeNote(path);
        }

        if (parents.Count > 0)
        {
            // The top of the merged tree has the attributes of the uppermost directory.
            TakeAttributes(directory, "fs"u8, Files(parents[0]));
        }

        if (mapping is not null)
        {
            // The upper directory is not mapped: what is made in it has the host's ids from the start.
            Ownership.SetAt(directory, "fs"u8, mapping.RootUid, mapping.RootGid);
        }
    }

    /// <summary>Gives a directory the owner and the mode of another.</summary>
    internal static void TakeAttributes(SafeFileHandle parent, ReadOnlySpan<byte> name, string other)
    {
        using SafeFileHandle from = Open.Directory(other);
        FileStatus status = Stat.Of(from);
        Ownership.SetAt(parent, name, status.Uid, status.Gid);
        Permissions.SetAt(parent, name, status.Mode & InodeMode.PermissionMask);
    }

    private static void MakeDirectory(SafeFileHandle directory, ReadOnlySpan<byte> name, uint mode)
    {
        int errno = Link.TryMakeDirectory(directory, name, mode);
        if (errno != 0)
        {
            throw new LinuxException("mkdirat", System.Text.Encoding.UTF8.GetString(name), errno);
        }

        // Again, without the umask.
        Permissions.SetAt(directory, name, mode);
    }
}
