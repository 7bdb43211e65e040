using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Gantry.Server.Auditing;

/// <summary>The process at the other end of a socket, as it was when it connected (unix(7), SO_PEERCRED).</summary>
/// <param name="Pid">Its id; 0 when it is not to be seen from here.</param>
/// <param name="Uid">Its user.</param>
/// <param name="Gid">Its group.</param>
/// <param name="Exe">Its program; empty when it had ended already.</param>
internal sealed record Peer(int Pid, uint Uid, uint Gid, string Exe)
{
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;
    private const int CredentialsSize = 12;

    private static readonly object Key = new();

    private static Peer Unknown { get; } = new(0, uint.MaxValue, uint.MaxValue, "");

    /// <summary>The middleware that looks who connects.</summary>
    public static ConnectionDelegate Wrap(ConnectionDelegate next) => context =>
    {
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
        {
            context.Items[Key] = Of(socket);
        }

        return next(context);
    };

    /// <summary>Who makes a call.</summary>
    public static Peer Of(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(Key, out object? peer) is true
            ? (Peer)peer!
            : Unknown;

    private static Peer Of(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[CredentialsSize];
        try
        {
            if (socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials) < CredentialsSize)
            {
                return Unknown;
            }
        }
        catch (SocketException)
        {
            return Unknown;
        }

        int pid = BinaryPrimitives.ReadInt32LittleEndian(credentials);
        return new Peer(
            pid,
            BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(credentials[8..]),
            Program(pid));
    }

    private static string Program(int pid)
    {
        try
        {
            return pid > 0 ? new FileInfo($"/proc/{pid}/exe").LinkTarget ?? "" : "";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It has ended, or its namespace keeps it from being seen.
            return "";
        }
    }
}
