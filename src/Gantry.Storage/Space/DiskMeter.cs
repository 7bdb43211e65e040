using System.Text;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Space;

/// <summary>
/// Counts space as du(1) with -x does: blocks on disk, a file with several names once, other filesystems not at all.
/// </summary>
internal sealed class DiskMeter
{
    private const int BlockSize = 512;

    private readonly HashSet<(ulong Device, ulong Inode)> _linked = [];

    /// <summary>The space of a directory with all below it; nothing when it is not there.</summary>
    public long Measure(string path, CancellationToken cancellationToken)
    {
        int errno = Stat.TryPath(path, out FileStatus top);
        if (errno == Errno.ENOENT)
        {
            return 0;
        }

        if (errno != 0)
        {
            throw new LinuxException("statx", path, errno);
        }

        long bytes = Count(top);
        if (!top.IsDirectory)
        {
            return bytes;
        }

        using SafeFileHandle root = Open.Directory(path);
        Stack<byte[]> pending = new([[]]);
        while (pending.TryPop(out byte[]? below))
        {
            cancellationToken.ThrowIfCancellationRequested();
            bytes += MeasureEntries(root, below, top.Device, pending);
        }

        return bytes;
    }

    private long MeasureEntries(SafeFileHandle root, byte[] below, ulong device, Stack<byte[]> pending)
    {
        using SafeFileHandle? directory = Open.TryBeneath(
            root,
            below.Length == 0 ? "."u8 : below,
            OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW,
            ResolveFlags.Beneath | ResolveFlags.NoSymlinks,
            0,
            out int errno);
        if (directory is null)
        {
            // What vanishes meanwhile takes no space.
            return errno is Errno.ENOENT or Errno.ENOTDIR
                ? 0
                : throw new LinuxException("openat2", Encoding.UTF8.GetString(below), errno);
        }

        long bytes = 0;
        foreach (DirectoryEntry entry in DirectoryTree.List(directory))
        {
            if (Stat.TryAt(directory, entry.Name, out FileStatus status) != 0 || status.Device != device)
            {
                continue;
            }

            bytes += Count(status);
            if (status.IsDirectory)
            {
                pending.Push(below.Length == 0 ? entry.Name : [.. below, (byte)'/', .. entry.Name]);
            }
        }

        return bytes;
    }

    private long Count(in FileStatus status) =>
        status.IsDirectory || status.Links <= 1 || _linked.Add((status.Device, status.Inode))
            ? status.Blocks * BlockSize
            : 0;
}
