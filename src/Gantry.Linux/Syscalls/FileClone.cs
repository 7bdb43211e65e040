using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>Copies without copying, where the filesystem can share blocks (btrfs, xfs): ioctl_ficlone(2).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/ioctl_ficlone.2.html"/>
public static partial class FileClone
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

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeHandle fd, nuint request, SafeHandle argument);
}
