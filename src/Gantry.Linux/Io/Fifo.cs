using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Io;

/// <summary>Making FIFOs, and asking what is in them. See <see href="https://man7.org/linux/man-pages/man7/fifo.7.html">fifo(7)</see>.</summary>
public static partial class Fifo
{
    private const nuint FIONREAD = 0x541B;
    private const short POLLERR = 8;

    /// <summary>Makes a FIFO.</summary>
    /// <param name="path">Where; nothing may be there.</param>
    /// <param name="mode">Its permissions, from which the process's mask is taken away.</param>
    /// <exception cref="LinuxException">The call failed, with EEXIST when something is there.</exception>
    public static void Create(string path, UnixFileMode mode)
    {
        if (mkfifo(path, (uint)mode) != 0)
        {
            throw LinuxException.Last("mkfifo", path);
        }
    }

    /// <summary>How many bytes wait to be read.</summary>
    /// <param name="end">Either end, open.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static int Waiting(SafeFileHandle end)
    {
        ArgumentNullException.ThrowIfNull(end);
        return ioctl(end, FIONREAD, out int count) == 0 ? count : throw LinuxException.Last("ioctl", "FIFO");
    }

    /// <summary>Whether anybody has the reading end open.</summary>
    /// <param name="writer">The writing end, open.</param>
    public static bool HasReader(SafeFileHandle writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        PollItem item = new() { Fd = (int)writer.DangerousGetHandle() };
        return poll(ref item, 1, 0) <= 0 || (item.Happened & POLLERR) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle fd, nuint request, out int count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollItem fds, nuint nfds, int timeout);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int mkfifo(string pathname, uint mode);

    // struct pollfd
    private struct PollItem
    {
        public int Fd;
        public short Wanted;
        public short Happened;
    }
}
