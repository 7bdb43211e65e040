using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gantry.Linux.Syscalls;

/// <summary>Bytes of a file: write(2), pwrite(2), ftruncate(2), lseek(2).</summary>
/// <seealso href="https://man7.org/linux/man-pages/man2/write.2.html"/>
[SkipLocalsInit]
public static unsafe partial class FileData
{
    private const int SEEK_DATA = 3;
    private const int SEEK_HOLE = 4;

    /// <summary>Writes all the bytes at the file's position.</summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="data">The bytes.</param>
    /// <exception cref="LinuxException">The call failed; some of the bytes may be written.</exception>
    public static void Write(SafeHandle file, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            nint written;
            fixed (byte* start = data)
            {
                written = write(file, start, (nuint)data.Length);
            }

            data = data[Progress("write", written, file)..];
        }
    }

    /// <summary>Writes all the bytes at a place of the file.</summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="offset">Where, from the start.</param>
    /// <exception cref="LinuxException">The call failed; some of the bytes may be written.</exception>
    public static void WriteAt(SafeHandle file, ReadOnlySpan<byte> data, long offset)
    {
        while (!data.IsEmpty)
        {
            nint written;
            fixed (byte* start = data)
            {
                written = pwrite(file, start, (nuint)data.Length, offset);
            }

            int progress = Progress("pwrite", written, file);
            data = data[progress..];
            offset += progress;
        }
    }

    /// <summary>Sets the length; what is added reads as zero.</summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="length">The length.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void SetLength(SafeHandle file, long length) =>
        Syscall.Check(ftruncate(file, length), "ftruncate", file);

    /// <summary>Finds the next bytes that are no hole: SEEK_DATA and SEEK_HOLE.</summary>
    /// <param name="file">Open for reading.</param>
    /// <param name="offset">Where to look from.</param>
    /// <param name="start">Where the data starts.</param>
    /// <param name="end">Where the next hole, or the end of the file, is.</param>
    /// <returns>False when there is no more data.</returns>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static bool TryFindData(SafeHandle file, long offset, out long start, out long end)
    {
        end = 0;
        start = lseek(file, offset, SEEK_DATA);
        if (start < 0 && Marshal.GetLastPInvokeError() == Errno.ENXIO)
        {
            return false;
        }

        Syscall.Check(start, "lseek", file);
        end = lseek(file, start, SEEK_HOLE);
        Syscall.Check(end, "lseek", file);
        return true;
    }

    private static int Progress(string call, nint written, SafeHandle file)
    {
        if (written >= 0)
        {
            return (int)written;
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.EINTR ? 0 : throw new LinuxException(call, $"fd {file.DangerousGetHandle()}", errno);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeHandle fd, byte* data, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(SafeHandle fd, byte* data, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(SafeHandle fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeHandle fd, long offset, int whence);
}
