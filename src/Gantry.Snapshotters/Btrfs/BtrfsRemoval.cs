using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Subvolumes = Gantry.Linux.Filesystems.Btrfs;

namespace Gantry.Snapshotters.Btrfs;

/// <summary>Takes subvolumes away, those that a container has made in its own among them.</summary>
internal static class BtrfsRemoval
{
    /// <summary>Removes a subvolume, or a directory.</summary>
    public static void Remove(string path)
    {
        try
        {
            Subvolumes.DestroySubvolume(path);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOTEMPTY)
        {
            // There are subvolumes in it: file by file; an empty subvolume goes as a directory does.
            DirectoryTree.Remove(path);
        }
        catch (LinuxException e) when (e.Errno == Errno.EINVAL)
        {
            // A plain directory.
            DirectoryTree.Remove(path);
        }
    }
}
