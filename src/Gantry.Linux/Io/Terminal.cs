using System.Runtime.InteropServices;

namespace Gantry.Linux.Io;

/// <summary>Pseudo-terminals. See <see href="https://man7.org/linux/man-pages/man4/tty_ioctl.4.html">ioctl_tty(2)</see>.</summary>
public static unsafe partial class Terminal
{
    private const nuint TIOCGWINSZ = 0x5413;
    private const nuint TIOCSWINSZ = 0x5414;

    /// <summary>Sets the size of a terminal's window.</summary>
    /// <param name="terminal">Its master or slave.</param>
    /// <param name="columns">The width in characters.</param>
    /// <param name="rows">The height in lines.</param>
    public static void Resize(SafeHandle terminal, ushort columns, ushort rows)
    {
        // struct winsize: rows, columns, and the size in pixels, which nobody uses.
        ushort* size = stackalloc ushort[4] { rows, columns, 0, 0 };
        if (ioctl(terminal, TIOCSWINSZ, size) != 0)
        {
            throw LinuxException.Last("ioctl", "TIOCSWINSZ");
        }
    }

    /// <summary>The size of a terminal's window.</summary>
    /// <param name="terminal">Its master or slave.</param>
    public static (ushort Columns, ushort Rows) Size(SafeHandle terminal)
    {
        ushort* size = stackalloc ushort[4];
        if (ioctl(terminal, TIOCGWINSZ, size) != 0)
        {
            throw LinuxException.Last("ioctl", "TIOCGWINSZ");
        }

        return (size[1], size[0]);
    }

    /// <summary>Whether a descriptor is a terminal.</summary>
    /// <param name="handle">The descriptor.</param>
    public static bool Is(SafeHandle handle) => isatty(handle) == 1;

    [LibraryImport("libc")]
    private static partial int isatty(SafeHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeHandle fd, nuint request, ushort* argp);
}
