using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Syscalls;

/// <summary>What is in directories, by bytes and without following links: getdents64(2), unlinkat(2).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/getdents.2.html"/>
[SkipLocalsInit]
public static unsafe partial class DirectoryTree
{
    private const int BufferSize = 8 * 1024;

    /// <summary>All names in a directory but <c>.</c> and <c>..</c>, in no order.</summary>
    /// <param name="directory">The directory, opened for reading and not read from before.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static IReadOnlyList<DirectoryEntry> List(SafeHandle directory)
    {
        List<DirectoryEntry> entries = [];
        byte* buffer = stackalloc byte[BufferSize];
        while (true)
        {
            // Invariant: the kernel writes no more than the length given.
            long length = getdents64(Syscall.SYS_getdents64, directory, buffer, BufferSize);

            if (length == 0 || (length < 0 && Marshal.GetLastPInvokeError() == Errno.ENOENT))
            {
                // Read to its end; or removed meanwhile.
                return entries;
            }

            Syscall.Check(length, "getdents64", directory);
            Parse(new ReadOnlySpan<byte>(buffer, (int)length), entries);
        }
    }

    /// <summary>Removes a name and, if it is a directory's, all below it. A name that is not there is no error.</summary>
    /// <param name="directory">The directory that has the name.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="LinuxException">Something could not be removed.</exception>
    public static void Remove(SafeHandle directory, ReadOnlySpan<byte> name)
    {
        int errno = Link.TryUnlink(directory, name);
        if (errno is 0 or Errno.ENOENT)
        {
            return;
        }

        if (errno is not (Errno.EISDIR or Errno.EPERM))
        {
            throw new LinuxException("unlinkat", Syscall.Show(name), errno);
        }

        // A stack, not recursion: a tree may be deeper than a thread's stack.
        RemoveBelow(directory, name.ToArray());
    }

    /// <summary>Removes a path of this process's own and, if it is a directory, all below it.</summary>
    /// <param name="path">The path. One that is not there is no error.</param>
    /// <exception cref="LinuxException">Something could not be removed.</exception>
    public static void Remove(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        string parent = System.IO.Path.GetDirectoryName(full)
            ?? throw new LinuxException("unlinkat", path, Errno.EBUSY);
        if (!Directory.Exists(parent))
        {
            return;
        }

        using SafeFileHandle directory = Open.Directory(parent);
        Remove(directory, Encoding.UTF8.GetBytes(System.IO.Path.GetFileName(full)));
    }

    private static void RemoveBelow(SafeHandle top, byte[] name)
    {
        Stack<(SafeFileHandle Parent, byte[] Name, Queue<byte[]> Directories)> open = new();
        SafeHandle parent = top;
        byte[]? next = name;
        try
        {
            while (true)
            {
                if (next is not null)
                {
                    SafeFileHandle? entered = Open.TryAt(
                        parent, next, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW, 0, out int errno);
                    if (entered is not null)
                    {
                        open.Push((entered, next, RemoveFiles(entered)));
                        parent = entered;
                    }
                    else if (errno != Errno.ENOENT)
                    {
                        throw new LinuxException("openat", Syscall.Show(next), errno);
                    }
                    else if (open.Count == 0)
                    {
                        return;
                    }
                }

                (SafeFileHandle here, byte[] hereName, Queue<byte[]> directories) = open.Peek();
                if (directories.TryDequeue(out next))
                {
                    continue;
                }

                open.Pop();
                here.Dispose();
                parent = open.Count == 0 ? top : open.Peek().Parent;
                int result = Link.TryRemoveDirectory(parent, hereName);
                if (result is not (0 or Errno.ENOENT))
                {
                    throw new LinuxException("unlinkat", Syscall.Show(hereName), result);
                }

                if (open.Count == 0)
                {
                    return;
                }
            }
        }
        finally
        {
            foreach ((SafeFileHandle handle, _, _) in open)
            {
                handle.Dispose();
            }
        }
    }

    /// <summary>Removes all that is no directory; returns the directories.</summary>
    private static Queue<byte[]> RemoveFiles(SafeFileHandle directory)
    {
        Queue<byte[]> directories = new();
        foreach (DirectoryEntry entry in List(directory))
        {
            if (entry.Type == DirectoryEntry.Directory)
            {
                directories.Enqueue(entry.Name);
                continue;
            }

            int errno = Link.TryUnlink(directory, entry.Name);
            if (errno is Errno.EISDIR or Errno.EPERM && entry.Type == DirectoryEntry.Unknown)
            {
                directories.Enqueue(entry.Name);
            }
            else if (errno is not (0 or Errno.ENOENT))
            {
                throw new LinuxException("unlinkat", Syscall.Show(entry.Name), errno);
            }
        }

        return directories;
    }

    /// <summary>Each record: inode (8), offset (8), length of the record (2), type (1), name, NUL.</summary>
    private static void Parse(ReadOnlySpan<byte> records, List<DirectoryEntry> entries)
    {
        while (!records.IsEmpty)
        {
            ulong inode = BitConverter.ToUInt64(records);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(records[16..]);
            byte type = records[18];
            ReadOnlySpan<byte> name = records[19..length];
            name = name[..name.IndexOf((byte)0)];
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                entries.Add(new DirectoryEntry(name.ToArray(), inode, type));
            }

            records = records[length..];
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long getdents64(long number, SafeHandle fd, byte* buffer, nuint count);
}
