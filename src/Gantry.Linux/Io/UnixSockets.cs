using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Io;

/// <summary>
/// Stream sockets of the file system, as descriptors that can be handed to another process. See
/// <see href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</see>.
/// </summary>
public static unsafe partial class UnixSockets
{
    /// <summary>How long a socket's path may be, in bytes.</summary>
    public const int PathLimit = 107;

    private const int AF_UNIX = 1;
    private const int SOCK_STREAM = 1;
    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int PathOffset = 2;

    /// <summary>Makes a socket file and listens on it.</summary>
    /// <param name="path">The file; it must not exist (else EADDRINUSE).</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <returns>The listener, on which accept does not wait.</returns>
    public static SafeFileHandle Listen(string path, int backlog)
    {
        SafeFileHandle listener = Create(path);
        byte* address = stackalloc byte[PathOffset + PathLimit + 1];
        try
        {
            if (bind(listener, address, Fill(address, path)) != 0)
            {
                throw LinuxException.Last("bind", path);
            }

            if (listen(listener, backlog) != 0)
            {
                throw LinuxException.Last("listen", path);
            }

            return listener;
        }
        catch (LinuxException)
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Whether somebody listens on a socket file.</summary>
    /// <param name="path">The file, which need not exist.</param>
    public static bool CanConnect(string path)
    {
        using SafeFileHandle socket = Create(path);
        byte* address = stackalloc byte[PathOffset + PathLimit + 1];
        // EAGAIN: the backlog is full, so there is somebody.
        return connect(socket, address, Fill(address, path)) == 0 || Marshal.GetLastPInvokeError() == Errno.EAGAIN;
    }

    private static SafeFileHandle Create(string path)
    {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return fd < 0 ? throw LinuxException.Last("socket", path) : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>struct sockaddr_un: the family in two bytes, then the path and a zero.</summary>
    private static uint Fill(byte* address, string path)
    {
        int length = Encoding.UTF8.GetByteCount(path);
        if (length > PathLimit)
        {
            throw new LinuxException("bind", path, Errno.ENAMETOOLONG);
        }

        // Invariant: the buffer has room for the family, the longest path and a zero.
        *(ushort*)address = AF_UNIX;
        Encoding.UTF8.GetBytes(path, new Span<byte>(address + PathOffset, length));
        address[PathOffset + length] = 0;
        return (uint)(PathOffset + length + 1);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(SafeFileHandle sockfd, byte* addr, uint addrlen);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(SafeFileHandle sockfd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(SafeFileHandle sockfd, byte* addr, uint addrlen);
}
