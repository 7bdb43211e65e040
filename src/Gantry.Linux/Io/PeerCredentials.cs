using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Gantry.Linux.Io;

/// <summary>Who is at the other end of a Unix socket, as the kernel knows it. See unix(7), SO_PEERCRED.</summary>
/// <param name="ProcessId">The process that connected or listened.</param>
/// <param name="UserId">Its effective user when it did.</param>
/// <param name="GroupId">Its effective group when it did.</param>
public readonly partial record struct PeerCredentials(int ProcessId, uint UserId, uint GroupId)
{
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;

    /// <summary>This process.</summary>
    public static PeerCredentials Self => new(Environment.ProcessId, geteuid(), getegid());

    /// <summary>Asks the kernel for the peer of a socket.</summary>
    /// <param name="socket">A connected Unix socket.</param>
    /// <exception cref="SocketException">It is no such socket.</exception>
    public static PeerCredentials Of(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);

        // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
        Span<byte> ucred = stackalloc byte[12];
        int length = socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, ucred);
        if (length != ucred.Length)
        {
            throw new SocketException((int)SocketError.OperationNotSupported);
        }

        return new PeerCredentials(
            MemoryMarshal.Read<int>(ucred),
            MemoryMarshal.Read<uint>(ucred[4..]),
            MemoryMarshal.Read<uint>(ucred[8..]));
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();
}
