using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Linux.Syscalls;

/// <summary>
/// Extended attributes: fsetxattr(2), fgetxattr(2), flistxattr(2), fremovexattr(2), and the l-forms through
/// /proc/self/fd for names in a directory. Names and values are bytes.
/// </summary>
/// <seealso href="https://man7.org/linux/man-pages/man7/xattr.7.html"/>
[SkipLocalsInit]
public static unsafe partial class Xattr
{
    /// <summary>XATTR_SIZE_MAX: the longest value.</summary>
    public const int MaxValueLength = 65536;

    /// <summary>XATTR_NAME_MAX: the longest name.</summary>
    public const int MaxNameLength = 255;

    private const int FirstBufferLength = 256;

    /// <summary>Sets an attribute of an open file.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <param name="name">The full name, such as <c>user.x</c>.</param>
    /// <param name="value">The value.</param>
    /// <returns>The error number, or 0; EOPNOTSUPP where the filesystem has no such attributes.</returns>
    public static int TrySet(SafeHandle file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Span<byte> buffer = stackalloc byte[MaxNameLength + 2];
        Syscall.Terminate("fsetxattr", name, buffer);
        fixed (byte* key = buffer)
        fixed (byte* data = value)
        {
            return Result(fsetxattr(file, key, data, (nuint)value.Length, 0));
        }
    }

    /// <summary>Sets an attribute of a name in a directory; of a symbolic link, not of what it points to.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="entry">One name in it.</param>
    /// <param name="name">The full name of the attribute.</param>
    /// <param name="value">The value.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TrySetAt(
        SafeHandle directory,
        ReadOnlySpan<byte> entry,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value)
    {
        ArgumentNullException.ThrowIfNull(directory);
        Span<byte> path = stackalloc byte[Syscall.PATH_MAX];
        WritePath("lsetxattr", directory, entry, path);
        Span<byte> buffer = stackalloc byte[MaxNameLength + 2];
        Syscall.Terminate("lsetxattr", name, buffer);
        fixed (byte* start = path)
        fixed (byte* key = buffer)
        fixed (byte* data = value)
        {
            int result = lsetxattr(start, key, data, (nuint)value.Length, 0);
            GC.KeepAlive(directory);
            return Result(result);
        }
    }

    /// <summary>Reads an attribute of an open file.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <param name="name">The full name.</param>
    /// <returns>Null when the file has no such attribute.</returns>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static byte[]? Get(SafeHandle file, ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[MaxNameLength + 2];
        Syscall.Terminate("fgetxattr", name, buffer);
        fixed (byte* key = buffer)
        {
            for (int size = FirstBufferLength; ; size = MaxValueLength)
            {
                byte[] value = new byte[size];
                fixed (byte* data = value)
                {
                    nint length = fgetxattr(file, key, data, (nuint)size);
                    if (length >= 0)
                    {
                        return value.AsSpan(0, (int)length).ToArray();
                    }
                }

                int errno = Marshal.GetLastPInvokeError();
                if (errno is Errno.ENODATA or Errno.EOPNOTSUPP)
                {
                    return null;
                }

                if (errno != Errno.ERANGE || size == MaxValueLength)
                {
                    throw new LinuxException("fgetxattr", Syscall.Show(name), errno);
                }
            }
        }
    }

    /// <summary>Reads an attribute of a name in a directory; of a symbolic link, not of what it points to.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="entry">One name in it.</param>
    /// <param name="name">The full name of the attribute.</param>
    /// <returns>Null when it has no such attribute.</returns>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static byte[]? GetAt(SafeHandle directory, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> name)
    {
        ArgumentNullException.ThrowIfNull(directory);
        Span<byte> path = stackalloc byte[Syscall.PATH_MAX];
        WritePath("lgetxattr", directory, entry, path);
        Span<byte> buffer = stackalloc byte[MaxNameLength + 2];
        Syscall.Terminate("lgetxattr", name, buffer);
        for (int size = FirstBufferLength; ; size = MaxValueLength)
        {
            byte[] value = new byte[size];
            nint length;
            fixed (byte* start = path)
            fixed (byte* key = buffer)
            fixed (byte* data = value)
            {
                length = lgetxattr(start, key, data, (nuint)value.Length);
                GC.KeepAlive(directory);
            }

            if (length >= 0)
            {
                return value.AsSpan(0, (int)length).ToArray();
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno is Errno.ENODATA or Errno.EOPNOTSUPP)
            {
                return null;
            }

            if (errno != Errno.ERANGE || size == MaxValueLength)
            {
                throw new LinuxException("lgetxattr", Syscall.Show(entry), errno);
            }
        }
    }

    /// <summary>The names of all attributes of an open file; none where the filesystem has no attributes.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static IReadOnlyList<byte[]> List(SafeHandle file) => List(file, path: null);

    /// <summary>The names of all attributes of a name in a directory; of a symbolic link itself.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="entry">One name in it.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static IReadOnlyList<byte[]> ListAt(SafeHandle directory, ReadOnlySpan<byte> entry)
    {
        ArgumentNullException.ThrowIfNull(directory);
        Span<byte> path = stackalloc byte[Syscall.PATH_MAX];
        WritePath("llistxattr", directory, entry, path);
        fixed (byte* start = path)
        {
            return List(directory, start);
        }
    }

    /// <summary>Removes an attribute of an open file.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <param name="name">The full name.</param>
    /// <returns>The error number, or 0; ENODATA when the file has no such attribute.</returns>
    public static int TryRemove(SafeHandle file, ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[MaxNameLength + 2];
        Syscall.Terminate("fremovexattr", name, buffer);
        fixed (byte* key = buffer)
        {
            return Result(fremovexattr(file, key));
        }
    }

    /// <summary>The names of an open file or, if there is one, of a path, through a directory that stays open meanwhile.</summary>
    private static List<byte[]> List(SafeHandle file, byte* path)
    {
        for (int size = FirstBufferLength; ; size = MaxValueLength)
        {
            byte[] names = new byte[size];
            nint length;
            fixed (byte* into = names)
            {
                // Invariant: the kernel writes no more than the size given.
                length = path is null ? flistxattr(file, into, (nuint)size) : llistxattr(path, into, (nuint)size);
                GC.KeepAlive(file);
            }

            if (length >= 0 || size == MaxValueLength || Marshal.GetLastPInvokeError() != Errno.ERANGE)
            {
                return length == 0 ? [] : Split(length, names, path is null ? "flistxattr" : "llistxattr");
            }
        }
    }

    private static List<byte[]> Split(nint length, byte[] names, string call)
    {
        if (length < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            return errno == Errno.EOPNOTSUPP ? [] : throw new LinuxException(call, "attributes", errno);
        }

        List<byte[]> result = [];
        ReadOnlySpan<byte> rest = names.AsSpan(0, (int)length);
        for (int end = rest.IndexOf((byte)0); end >= 0; end = rest.IndexOf((byte)0))
        {
            result.Add(rest[..end].ToArray());
            rest = rest[(end + 1)..];
        }

        return result;
    }

    private static void WritePath(string call, SafeHandle directory, ReadOnlySpan<byte> entry, Span<byte> path)
    {
        if (entry.Contains((byte)'/'))
        {
            throw new LinuxException(call, Encoding.UTF8.GetString(entry), Errno.EINVAL);
        }

        int length = ProcPath.Write(directory, path);
        path[length++] = (byte)'/';
        Syscall.Terminate(call, entry, path[length..]);
    }

    private static int Result(int result) => result < 0 ? Marshal.GetLastPInvokeError() : 0;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(SafeHandle fd, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint fgetxattr(SafeHandle fd, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint flistxattr(SafeHandle fd, byte* names, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* names, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fremovexattr(SafeHandle fd, byte* name);
}
