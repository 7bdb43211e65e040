using Gantry.Core.Snapshots;
using Gantry.Linux;
using Gantry.Linux.Syscalls;

namespace Gantry.Snapshotters.Shared;

/// <summary>Counts the space of a tree as du(1) does: blocks on disk, and a file with several names once.</summary>
internal static class DiskUsage
{
    private const int BlockSize = 512;

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
