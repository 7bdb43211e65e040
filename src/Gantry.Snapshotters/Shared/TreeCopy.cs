using System.Buffers;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Snapshotters.Shared;

/// <summary>
/// Copies a tree whole: owner, mode, times, extended attributes, hard links, holes, device nodes. Where the filesystem
/// can share blocks, files share them.
/// </summary>
internal sealed class TreeCopy : IDisposable
{
    private const int BufferSize = 1 << 20;
    private const uint NewDirectoryMode = 0x1C0;
    private const uint NewFileMode = 0x180;

    private readonly SafeFileHandle _destination;
    private readonly Dictionary<(ulong Device, ulong Inode), byte[]> _linked = [];
    private readonly List<(byte[] Path, FileStatus Status)> _directories = [];
    private readonly CancellationToken _cancellationToken;
    private bool _canClone = true;
    private bool _canCopyRange = true;

    private TreeCopy(string destination, CancellationToken cancellationToken)
    {
        _destination = Open.Directory(destination);
        _cancellationToken = cancellationToken;
    }

    /// <summary>Copies what is in a directory, and the attributes of the directory itself, into an empty one.</summary>
    /// <exception cref="LinuxException">A call failed; part of the tree may have been copied.</exception>
    public static void Run(string source, string destination, CancellationToken cancellationToken)
    {
        using TreeCopy copy = new(destination, cancellationToken);
        FileTree.Walk(source, copy.CopyEntries, cancellationToken);
        copy.FinishDirectories(source);
    }

    /// <inheritdoc/>
    public void Dispose() => _destination.Dispose();

    private static void Check(int errno, string call, byte[] name)
    {
        if (errno != 0)
        {
            throw new LinuxException(call, System.Text.Encoding.UTF8.GetString(name), errno);
        }
    }

    private void CopyEntries(SafeFileHandle source, byte[] path, IReadOnlyList<FileTreeEntry> entries)
    {
        using SafeFileHandle destination = FileTree.OpenBeneath(
            _destination,
            path,
            OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        foreach (FileTreeEntry entry in entries)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            byte[] entryPath = FileTree.Join(path, entry.Name);
            if (CopyEntry(source, destination, entry, entryPath))
            {
                CopyAttributes(source, destination, entry);
                if (entry.Status.IsDirectory)
                {
                    _directories.Add((entryPath, entry.Status));
                }
            }
        }
    }

    /// <summary>Copies one name, without its attributes.</summary>
    /// <returns>False when it was only linked to a file that is there already.</returns>
    private bool CopyEntry(SafeFileHandle source, SafeFileHandle destination, FileTreeEntry entry, byte[] path)
    {
        FileStatus status = entry.Status;
        if (status.IsDirectory)
        {
            Check(Link.TryMakeDirectory(destination, entry.Name, NewDirectoryMode), "mkdirat", path);
            return true;
        }

        if (status.Links > 1)
        {
            if (_linked.TryGetValue((status.Device, status.Inode), out byte[]? first))
            {
                Check(Link.TryHard(_destination, first, destination, entry.Name), "linkat", path);
                return false;
            }

            _linked.Add((status.Device, status.Inode), path);
        }

        if (status.IsRegular)
        {
            CopyFile(source, destination, entry);
        }
        else if (status.IsSymbolicLink)
        {
            Check(Link.TryReadSymbolic(source, entry.Name, out byte[]? target), "readlinkat", path);
            Check(Link.TrySymbolic(target!, destination, entry.Name), "symlinkat", path);
        }
        else
        {
            Check(
                Link.TryMakeNode(destination, entry.Name, status.Mode, status.RdevMajor, status.RdevMinor),
                "mknodat",
                path);
        }

        return true;
    }

    private void CopyFile(SafeFileHandle source, SafeFileHandle destination, FileTreeEntry entry)
    {
        using SafeFileHandle from = Open.At(
            source,
            entry.Name,
            OpenFlags.O_RDONLY | OpenFlags.O_NOFOLLOW | OpenFlags.O_NONBLOCK);
        using SafeFileHandle to = Open.At(
            destination,
            entry.Name,
            OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL,
            NewFileMode);
        if (_canClone && FileClone.TryClone(from, to))
        {
            return;
        }

        _canClone = false;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            CopyData(from, to, buffer);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        FileData.SetLength(to, entry.Status.Size);
    }

    private void CopyData(SafeFileHandle from, SafeFileHandle to, byte[] buffer)
    {
        long offset = 0;
        while (FileData.TryFindData(from, offset, out long start, out long end))
        {
            for (offset = start; offset < end;)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                int wanted = (int)Math.Min(buffer.Length, end - offset);
                if (_canCopyRange)
                {
                    long copied = FileClone.TryCopyRange(from, to, offset, wanted);
                    _canCopyRange = copied >= 0;
                    if (copied == 0)
                    {
                        return;
                    }

                    offset += Math.Max(copied, 0);
                    continue;
                }

                int read = RandomAccess.Read(from, buffer.AsSpan(0, wanted), offset);
                if (read == 0)
                {
                    return;
                }

                FileData.WriteAt(to, buffer.AsSpan(0, read), offset);
                offset += read;
            }
        }
    }

    /// <summary>Owner first: changing it takes set-user-id bits and file capabilities away.</summary>
    private static void CopyAttributes(SafeFileHandle source, SafeFileHandle destination, FileTreeEntry entry)
    {
        FileStatus status = entry.Status;
        Ownership.SetAt(destination, entry.Name, status.Uid, status.Gid);
        if (!status.IsSymbolicLink)
        {
            Permissions.SetAt(destination, entry.Name, status.Mode & InodeMode.PermissionMask);
        }

        foreach (byte[] name in Xattr.ListAt(source, entry.Name))
        {
            if (Xattr.GetAt(source, entry.Name, name) is { } value)
            {
                Check(Xattr.TrySetAt(destination, entry.Name, name, value), "lsetxattr", entry.Name);
            }
        }

        if (!status.IsDirectory)
        {
            FileTimes.SetAt(destination, entry.Name, status.Accessed, status.Modified);
        }
    }

    /// <summary>Directories get their times last, the deepest first: filling them changes their times.</summary>
    private void FinishDirectories(string source)
    {
        for (int i = _directories.Count - 1; i >= 0; i--)
        {
            (byte[] path, FileStatus status) = _directories[i];
            using SafeFileHandle directory = FileTree.OpenBeneath(
                _destination,
                path,
                OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
            FileTimes.Set(directory, status.Accessed, status.Modified);
        }

        using SafeFileHandle top = Open.Directory(source);
        FileStatus topStatus = Stat.Of(top);
        Ownership.Set(_destination, topStatus.Uid, topStatus.Gid);
        Permissions.Set(_destination, topStatus.Mode & InodeMode.PermissionMask);
        foreach (byte[] name in Xattr.List(top))
        {
            if (Xattr.Get(top, name) is { } value)
            {
                Check(Xattr.TrySet(_destination, name, value), "fsetxattr", name);
            }
        }

        FileTimes.Set(_destination, topStatus.Accessed, topStatus.Modified);
    }
}
