using System.Runtime.InteropServices;

namespace Gantry.Linux.Io;

/// <summary>Making FIFOs. See <see href="https://man7.org/linux/man-pages/man7/fifo.7.html">fifo(7)</see>.</summary>
public static partial class Fifo
{
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

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int mkfifo(string pathname, uint mode);
}
