using Gantry.Core.Snapshots;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Snapshotters.Shared;

/// <summary>Counts the space of a tree as du(1) does: blocks on disk, and a file with several names once.</summary>
internal static class DiskUsage
{
    private const int BlockSize = 512;

    /// <summary>The space of a tree, once all that was written to it is on the disk.</summary>
    public static Task<SnapshotUsage> OfSyncedAsync(string root, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            // Data first, then the record that names it: whoever wrote the files may not have synced them.
            FileSync.Syncfs(root);
            return Of(root, cancellationToken);
        },
        cancellationToken);

    /// <summary>The space of a tree, counted off the caller's thread.</summary>
    public static Task<SnapshotUsage> OfAsync(string root, CancellationToken cancellationToken) =>
        Task.Run(() => Of(root, cancellationToken), cancellationToken);

    /// <summary>
    /// The space of what differs in a snapshot of btrfs from what it is a snapshot of. A file that nobody touched has
    /// the same inode number and the same time of change in both.
    /// </summary>
    public static SnapshotUsage OfChanges(string root, string parent, CancellationToken cancellationToken)
    {
        long inodes = 0;
        long size = 0;
        HashSet<ulong> linked = [];
        using SafeFileHandle below = Open.Directory(parent);
        FileTree.Walk(
            root,
            (_, path, entries) =>
            {
                using SafeFileHandle? before = FileTree.TryOpenDirectory(below, path);
                foreach (FileTreeEntry entry in entries)
                {
                    FileStatus status = entry.Status;
                    bool isOld = before is not null && Stat.TryAt(before, entry.Name, out FileStatus old) == 0
                        && old.Inode == status.Inode && old.Changed == status.Changed && old.Mode == status.Mode;
                    if (!isOld && (status.IsDirectory || status.Links == 1 || linked.Add(status.Inode)))
                    {
                        inodes++;
                        size += status.Blocks * BlockSize;
                    }
                }
            },
            cancellationToken);
        return new SnapshotUsage(inodes, size);
    }

    /// <summary>The space of a tree with its top; nothing when there is no such tree.</summary>
    public static SnapshotUsage Of(string root, CancellationToken cancellationToken)
    {
        int errno = Stat.TryPath(root, out FileStatus top);
        if (errno == Errno.ENOENT)
        {
            return default;
        }

        if (errno != 0)
        {
            throw new LinuxException("statx", root, errno);
        }

        long inodes = 1;
        long size = top.Blocks * BlockSize;
        HashSet<(ulong Device, ulong Inode)> linked = [];
        FileTree.Walk(
            root,
            (_, _, entries) =>
            {
                foreach (FileTreeEntry entry in entries)
                {
                    FileStatus status = entry.Status;
                    if (status.IsDirectory || status.Links == 1 || linked.Add((status.Device, status.Inode)))
                    {
                        inodes++;
                        size += status.Blocks * BlockSize;
                    }
                }
            },
            cancellationToken);
        return new SnapshotUsage(inodes, size);
    }
}
