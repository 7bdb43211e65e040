using System.Runtime.InteropServices;

namespace Gantry.Linux.Io;

// A terminal from the side of the program that runs in it: its mode. See termios(3).
public static unsafe partial class Terminal
{
    private const int TCSANOW = 0;
    private const int TCSADRAIN = 1;
    private const uint ECHO = 8;

    /// <summary>Whether a file descriptor is a terminal.</summary>
    /// <param name="handle">The descriptor.</param>
    public static bool IsTerminal(SafeHandle handle) => tcgetattr(handle, out _) == 0;

    /// <summary>The size of a terminal's window; null when the descriptor is none, or none that has a size.</summary>
    /// <param name="handle">The descriptor.</param>
    public static (ushort Columns, ushort Rows)? TrySize(SafeHandle handle)
    {
        ushort* size = stackalloc ushort[4];
        return ioctl(handle, TIOCGWINSZ, size) == 0 && size[0] > 0 && size[1] > 0 ? (size[1], size[0]) : null;
    }

    /// <summary>
    /// Switches a terminal to raw mode: each key goes through as it is, and nothing is echoed or translated. Disposing
    /// what is returned sets it back.
    /// </summary>
    /// <param name="handle">The terminal; it must stay open until then.</param>
    /// <exception cref="LinuxException">The descriptor is no terminal.</exception>
    public static IDisposable EnterRawMode(SafeHandle handle)
    {
        if (tcgetattr(handle, out Termios saved) != 0)
        {
            throw LinuxException.Last("tcgetattr", "terminal");
        }

        Termios raw = saved;
        cfmakeraw(ref raw);
        if (tcsetattr(handle, TCSANOW, raw) != 0)
        {
            throw LinuxException.Last("tcsetattr", "terminal");
        }

        return new ChangedMode(handle, saved);
    }

    /// <summary>
    /// Lets a terminal not show what is typed, which stays a line at a time. Disposing what is returned sets it back.
    /// </summary>
    /// <param name="handle">The terminal; it must stay open until then.</param>
    /// <exception cref="LinuxException">The descriptor is no terminal.</exception>
    public static IDisposable HideInput(SafeHandle handle)
    {
        if (tcgetattr(handle, out Termios saved) != 0)
        {
            throw LinuxException.Last("tcgetattr", "terminal");
        }

        Termios hidden = saved;
        hidden.LocalFlags &= ~ECHO;
        if (tcsetattr(handle, TCSADRAIN, hidden) != 0)
        {
            throw LinuxException.Last("tcsetattr", "terminal");
        }

        return new ChangedMode(handle, saved);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(SafeHandle fd, out Termios attributes);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(SafeHandle fd, int when, in Termios attributes);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(ref Termios attributes);

    /// <summary>The C library's struct termios, the same on x64 and arm64.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 60)]
    private struct Termios
    {
        private uint _inputFlags;
        private uint _outputFlags;
        private uint _controlFlags;
        public uint LocalFlags;
    }

    private sealed class ChangedMode(SafeHandle handle, Termios saved) : IDisposable
    {
        private bool _disposed;

        public void Dispose()
        {
            if (!_disposed)
            {
                _disposed = true;

                // A terminal that has gone away has no mode to set back: the result does not matter.
                _ = tcsetattr(handle, TCSADRAIN, saved);
            }
        }
    }
}
