using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>Permission bits: fchmod(2), fchmodat(2).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/chmod.2.html"/>
[SkipLocalsInit]
public static unsafe partial class Permissions
{
    /// <summary>Changes the permissions of an open file.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <param name="mode">The permissions, with set-id and sticky bits.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void Set(SafeHandle file, uint mode) =>
        Syscall.Check(fchmod(file, mode & InodeMode.PermissionMask), "fchmod", file);

    /// <summary>Changes the permissions of a name that is known not to be a symbolic link: one is followed.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name.</param>
    /// <param name="mode">The permissions, with set-id and sticky bits.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void SetAt(SafeHandle directory, ReadOnlySpan<byte> name, uint mode)
    {
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("fchmodat", name, buffer);
        fixed (byte* start = buffer)
        {
            Syscall.Check(fchmodat(directory, start, mode & InodeMode.PermissionMask, 0), "fchmodat", name);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeHandle fd, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(SafeHandle dirfd, byte* path, uint mode, int flags);
}
