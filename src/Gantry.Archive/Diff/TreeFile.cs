using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Archive.Diff;

/// <summary>A file of a tree: where it is, and what is known of it.</summary>
/// <param name="Directory">The open directory that has it.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Status">What is known of it.</param>
internal readonly record struct TreeFile(SafeFileHandle Directory, byte[] Name, FileStatus Status)
{
    /// <summary>Names the file, whatever names it has.</summary>
    internal (ulong Device, ulong Inode) Identity => (Status.Device, Status.Inode);

    /// <summary>True when the file may have other names.</summary>
    internal bool MayBeLinked => !Status.IsDirectory && Status.Links > 1;

    /// <summary>True for a socket: layers hold none.</summary>
    internal bool IsSocket => (Status.Mode & InodeMode.S_IFMT) == InodeMode.S_IFSOCK;

    internal static TreeFile? Find(SafeFileHandle directory, byte[] name)
    {
        int errno = Stat.TryAt(directory, name, out FileStatus status);
        return errno switch
        {
            0 => new TreeFile(directory, name, status),
            Linux.Errno.ENOENT => null,
            _ => throw new Linux.LinuxException("statx", System.Text.Encoding.UTF8.GetString(name), errno),
        };
    }
}
