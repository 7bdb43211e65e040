using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Linux.Syscalls;

/// <summary>What is known of a file: statx(2).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/statx.2.html"/>
[SkipLocalsInit]
public static unsafe partial class Stat
{
    private const uint STATX_BASIC_STATS = 0x7ff;
    private const int AT_NO_AUTOMOUNT = 0x800;

    /// <summary>Of an open file; one opened with O_PATH as well.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static FileStatus Of(SafeHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        int errno = TryAt(file, [], Syscall.AT_EMPTY_PATH, out FileStatus status);
        return errno == 0 ? status : throw new LinuxException("statx", $"fd {file.DangerousGetHandle()}", errno);
    }

    /// <summary>Of a name in a directory; of a symbolic link, not of what it points to.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name.</param>
    /// <param name="status">What is known of it.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TryAt(SafeHandle directory, ReadOnlySpan<byte> name, out FileStatus status) =>
        TryAt(directory, name, Syscall.AT_SYMLINK_NOFOLLOW, out status);

    /// <summary>Of a path of this process's own; of a symbolic link, not of what it points to.</summary>
    /// <param name="path">The path.</param>
    /// <param name="status">What is known of it.</param>
    /// <returns>The error number, or 0.</returns>
    public static int TryPath(string path, out FileStatus status)
    {
        ArgumentNullException.ThrowIfNull(path);
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("statx", Encoding.UTF8.GetBytes(path), buffer);
        StatxBuffer answer;
        int result;
        fixed (byte* start = buffer)
        {
            result = statxPath(
                Syscall.AT_FDCWD, start, Syscall.AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &answer);
        }

        status = result < 0 ? default : Convert(answer);
        return result < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    private static int TryAt(SafeHandle directory, ReadOnlySpan<byte> name, int flags, out FileStatus status)
    {
        Span<byte> buffer = stackalloc byte[Syscall.PATH_MAX];
        Syscall.Terminate("statx", name, buffer);
        StatxBuffer answer;
        int result;

        // Invariant: the kernel writes 256 bytes, the size of the buffer.
        fixed (byte* start = buffer)
        {
            result = statx(directory, start, flags | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &answer);
        }

        status = result < 0 ? default : Convert(answer);
        return result < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    private static FileStatus Convert(in StatxBuffer answer) => new(
        answer.Mode,
        answer.Uid,
        answer.Gid,
        (long)answer.Size,
        answer.Links,
        answer.Inode,
        DeviceNumber.Make(answer.DevMajor, answer.DevMinor),
        answer.RdevMajor,
        answer.RdevMinor,
        (long)answer.Blocks,
        answer.Accessed.ToTimespec(),
        answer.Modified.ToTimespec(),
        answer.Changed.ToTimespec());

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(SafeHandle dirfd, byte* path, int flags, uint mask, StatxBuffer* answer);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int statxPath(int dirfd, byte* path, int flags, uint mask, StatxBuffer* answer);
}
