using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Snapshotters.Shared;

/// <summary>Walks a tree of files without following links, directory by directory, each before what is below it.</summary>
internal static class FileTree
{
    /// <summary>Visits every directory.</summary>
    /// <param name="root">The top.</param>
    /// <param name="visit">
    /// Gets the directory, its path from the top (empty for the top itself) and its entries with what is known of them.
    /// </param>
    /// <param name="cancellationToken">Ends the walk.</param>
    /// <exception cref="LinuxException">A directory can't be read. What vanishes during the walk is passed over.</exception>
    public static void Walk(
        string root,
        Action<SafeFileHandle, byte[], IReadOnlyList<FileTreeEntry>> visit,
        CancellationToken cancellationToken)
    {
        using SafeFileHandle top = Open.Directory(root);
        Stack<byte[]> pending = new();
        pending.Push([]);
        while (pending.TryPop(out byte[]? path))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using SafeFileHandle? directory = TryOpenDirectory(top, path);
            if (directory is null)
            {
                continue;
            }

            List<FileTreeEntry> entries = [];
            foreach (DirectoryEntry entry in DirectoryTree.List(directory))
            {
                int errno = Stat.TryAt(directory, entry.Name, out FileStatus status);
                if (errno == 0)
                {
                    entries.Add(new FileTreeEntry(entry.Name, status));
                }
                else if (errno != Errno.ENOENT)
                {
                    throw new LinuxException("statx", System.Text.Encoding.UTF8.GetString(entry.Name), errno);
                }
            }

            visit(directory, path, entries);
            foreach (FileTreeEntry entry in entries)
            {
                if (entry.Status.IsDirectory)
                {
                    pending.Push(Join(path, entry.Name));
                }
            }
        }
    }

    /// <summary>Opens a path beneath a directory that has no links in it.</summary>
    public static SafeFileHandle OpenBeneath(SafeFileHandle top, byte[] path, int flags) =>
        Open.Beneath(
            top,
            path.Length == 0 ? "."u8 : path,
            flags | OpenFlags.O_NOFOLLOW,
            ResolveFlags.Beneath | ResolveFlags.NoSymlinks);

    /// <summary>The path of a name in a directory.</summary>
    public static byte[] Join(byte[] path, byte[] name)
    {
        return path.Length == 0 ? name : [.. path, (byte)'/', .. name];
    }

    /// <summary>Opens a directory beneath another without following links; null when there is none of that path.</summary>
    public static SafeFileHandle? TryOpenDirectory(SafeFileHandle top, byte[] path)
    {
        SafeFileHandle? directory = Open.TryBeneath(
            top,
            path.Length == 0 ? "."u8 : path,
            OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW,
            ResolveFlags.Beneath | ResolveFlags.NoSymlinks,
            0,
            out int errno);
        return directory is not null || errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP
            ? directory
            : throw new LinuxException("openat2", System.Text.Encoding.UTF8.GetString(path), errno);
    }
}
