using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>Owner and group: fchown(2), fchownat(2). Changing them clears set-id bits and file capabilities.</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/chown.2.html"/>
[SkipLocalsInit]
public static unsafe partial class Ownership
{
    /// <summary>Changes owner and group of an open file.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <param name="uid">The owner; <see cref="uint.MaxValue"/> leaves it.</param>
    /// <param name="gid">The group; <see cref="uint.MaxValue"/> leaves it.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void Set(SafeHandle file, uint uid, uint gid) =>
        Syscall.Check(fchown(file, uid, gid), "fchown", file);

    /// <summary>Changes owner and group of a name in a directory; of a symbolic link, not of what it points to.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name.</param>
    /// <param name="uid">The owner; <see cref="uint.MaxValue"/> leaves it.</param>
    /// <param name="gid">The group; <see cref="uint.MaxValue"/> leaves it.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void SetAt(SafeHandle directory, ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("fchownat", name, buffer);
        fixed (byte* start = buffer)
        {
            Syscall.Check(fchownat(directory, start, uid, gid, Syscall.AT_SYMLINK_NOFOLLOW), "fchownat", name);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeHandle fd, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(SafeHandle dirfd, byte* path, uint uid, uint gid, int flags);
}
