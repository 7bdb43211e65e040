using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>Times of access and of change, to the nanosecond: utimensat(2), futimens(3).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/utimensat.2.html"/>
[SkipLocalsInit]
public static unsafe partial class FileTimes
{
    /// <summary>Sets the times of an open file.</summary>
    /// <param name="file">The file, not opened with O_PATH.</param>
    /// <param name="accessed">Last access.</param>
    /// <param name="modified">Last change.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void Set(SafeHandle file, Timespec accessed, Timespec modified)
    {
        // Invariant: the kernel reads exactly two timespecs.
        Timespec* times = stackalloc Timespec[2] { accessed, modified };
        Syscall.Check(futimens(file, times), "futimens", file);
    }

    /// <summary>Sets the times of a name in a directory; of a symbolic link, not of what it points to.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name.</param>
    /// <param name="accessed">Last access.</param>
    /// <param name="modified">Last change.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void SetAt(SafeHandle directory, ReadOnlySpan<byte> name, Timespec accessed, Timespec modified)
    {
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("utimensat", name, buffer);
        Timespec* times = stackalloc Timespec[2] { accessed, modified };
        fixed (byte* start = buffer)
        {
            Syscall.Check(utimensat(directory, start, times, Syscall.AT_SYMLINK_NOFOLLOW), "utimensat", name);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(SafeHandle fd, Timespec* times);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(SafeHandle dirfd, byte* path, Timespec* times, int flags);
}
