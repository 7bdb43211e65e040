using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>
/// Copies in the kernel: without copying, where the filesystem can share blocks (btrfs, xfs), by ioctl_ficlone(2), and
/// else at least without the bytes coming here, by copy_file_range(2).
/// </summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/ioctl_ficlone.2.html"/>
/// <seealso href="https://man7.org/linux/man-pages/man2/copy_file_range.2.html"/>
public static unsafe partial class FileClone
{
    private const nuint FICLONE = 0x40049409;

    /// <summary>Makes the bytes of a file those of another.</summary>
    /// <param name="source">Open for reading.</param>
    /// <param name="destination">Open for writing, on the same filesystem.</param>
    /// <returns>False when this filesystem, or this pair, can't: copy then.</returns>
    /// <exception cref="LinuxException">The call failed for another reason.</exception>
    public static bool TryClone(SafeHandle source, SafeHandle destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (ioctl(destination, FICLONE, source) == 0)
        {
            return true;
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno is Errno.EOPNOTSUPP or Errno.EXDEV or Errno.EINVAL or Errno.ENOTTY or Errno.ENOSYS
            ? false
            : throw new LinuxException("ioctl FICLONE", $"fd {source.DangerousGetHandle()}", errno);
    }

    /// <summary>Copies bytes of a file to the same place of another.</summary>
    /// <param name="source">Open for reading.</param>
    /// <param name="destination">Open for writing.</param>
    /// <param name="offset">From where.</param>
    /// <param name="length">How many at most.</param>
    /// <returns>How many were copied, 0 at the end of the file; -1 when this pair can't: read and write then.</returns>
    /// <exception cref="LinuxException">The call failed for another reason.</exception>
    public static long TryCopyRange(SafeHandle source, SafeHandle destination, long offset, long length)
    {
        ArgumentNullException.ThrowIfNull(source);
        long from = offset;
        long to = offset;

        // Invariant: both offsets live until the call returns.
        nint copied = copy_file_range(source, &from, destination, &to, checked((nuint)length), 0);
        if (copied >= 0)
        {
            return copied;
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno is Errno.EOPNOTSUPP or Errno.EXDEV or Errno.EINVAL or Errno.ENOSYS
            ? -1
            : throw new LinuxException("copy_file_range", $"fd {source.DangerousGetHandle()}", errno);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint copy_file_range(
        SafeHandle fd_in, long* off_in, SafeHandle fd_out, long* off_out, nuint len, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeHandle fd, nuint request, SafeHandle argument);
}
