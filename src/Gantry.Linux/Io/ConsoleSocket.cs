using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Linux.Io;

/// <summary>
/// The socket on which an OCI runtime hands over the master of a terminal that it made, as a descriptor in a message
/// (SCM_RIGHTS, see <see href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</see>).
/// </summary>
public sealed partial class ConsoleSocket : IDisposable
{
    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int MSG_CMSG_CLOEXEC = 0x40000000;
    private const int SOL_SOCKET = 1;
    private const int SCM_RIGHTS = 1;

    private readonly SafeFileHandle _listener;
    private readonly string _directory;

    private ConsoleSocket(SafeFileHandle listener, string directory, string path)
    {
        _listener = listener;
        _directory = directory;
        SocketPath = path;
    }

    /// <summary>Where the runtime connects to.</summary>
    public string SocketPath { get; }

    /// <summary>Listens on a socket in a new directory that is this user's alone.</summary>
    public static ConsoleSocket Listen()
    {
        string directory = Directory.CreateTempSubdirectory("pty").FullName;
        string path = Path.Combine(directory, "pty.sock");
        try
        {
            return new ConsoleSocket(UnixSockets.Listen(path, backlog: 1), directory, path);
        }
        catch (LinuxException)
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    /// <summary>Waits for the runtime to connect and takes the terminal's master.</summary>
    /// <param name="loop">Where to wait.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LinuxException">What came held no descriptor.</exception>
    public async Task<SafeFileHandle> ReceiveAsync(IoLoop loop, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loop);
        await loop.WaitReadableAsync(_listener, cancellationToken);
        int fd = accept4(_listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
        using SafeFileHandle connection =
            fd < 0 ? throw LinuxException.Last("accept4", SocketPath) : new SafeFileHandle(fd, ownsHandle: true);
        await loop.WaitReadableAsync(connection, cancellationToken);
        return ReceiveDescriptor(connection);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private unsafe SafeFileHandle ReceiveDescriptor(SafeFileHandle connection)
    {
        // struct msghdr on 64 bits: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48.
        // struct cmsghdr: len 0 (8 bytes), level 8, type 12, data 16.
        byte* text = stackalloc byte[4096];
        byte* control = stackalloc byte[64];
        nint* vector = stackalloc nint[2] { (nint)text, 4096 };
        byte* message = stackalloc byte[56];
        new Span<byte>(message, 56).Clear();
        new Span<byte>(control, 64).Clear();
        *(nint*)(message + 16) = (nint)vector;
        *(nint*)(message + 24) = 1;
        *(nint*)(message + 32) = (nint)control;
        *(nint*)(message + 40) = 64;
        if (recvmsg(connection, message, MSG_CMSG_CLOEXEC) < 0)
        {
            throw LinuxException.Last("recvmsg", SocketPath);
        }

        bool carries = *(nint*)(message + 40) >= 20
            && *(nint*)control >= 20
            && *(int*)(control + 8) == SOL_SOCKET
            && *(int*)(control + 12) == SCM_RIGHTS;
        return carries
            ? new SafeFileHandle(*(int*)(control + 16), ownsHandle: true)
            : throw new LinuxException("recvmsg", $"{SocketPath}: no descriptor", Errno.EBADF);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(SafeFileHandle sockfd, nint addr, nint addrlen, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint recvmsg(SafeFileHandle sockfd, byte* msg, int flags);
}
