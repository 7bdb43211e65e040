using System.Net;
using System.Net.Sockets;
using System.Text;
using Gantry.Core.Errors;

namespace Gantry.Ttrpc;

/// <summary>
/// The address of a Unix socket as shims and daemons tell it each other: <c>unix:///run/containerd/s/…</c>, a bare path,
/// or for a socket in the abstract namespace <c>unix://@NAME</c> (also with a NUL byte in place of the <c>@</c>).
/// </summary>
public sealed record TtrpcAddress
{
    /// <summary>The greatest number of bytes in a socket's path: sun_path of unix(7), less the last NUL.</summary>
    public const int MaxPathBytes = 107;

    private const string Scheme = "unix://";

    private TtrpcAddress(string path, bool isAbstract)
    {
        Path = path;
        IsAbstract = isAbstract;
    }

    /// <summary>The path, or the name in the abstract namespace.</summary>
    public string Path { get; }

    /// <summary>Whether the socket has no file: it is in the abstract namespace.</summary>
    public bool IsAbstract { get; }

    /// <summary>Reads an address.</summary>
    /// <param name="text">The address.</param>
    /// <exception cref="GantryException">InvalidArgument: it is empty, too long, or of another kind of socket.</exception>
    public static TtrpcAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string path = text.StartsWith(Scheme, StringComparison.Ordinal) ? text[Scheme.Length..] : text;
        bool isAbstract = path.Length > 0 && path[0] is '@' or '\0';
        if (isAbstract)
        {
            path = path[1..];
        }

        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal)
            || path.Contains("://", StringComparison.Ordinal))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"address \"{text}\" is not of a Unix socket");
        }

        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"address \"{text}\" is longer than a Unix socket's may be ({MaxPathBytes} bytes)");
        }

        return new TtrpcAddress(path, isAbstract);
    }

    /// <summary>The address for a socket of .NET.</summary>
    public EndPoint ToEndPoint() => new UnixDomainSocketEndPoint(IsAbstract ? "\0" + Path : Path);

    /// <summary>
    /// Listens at the address. The socket's file gets mode 0600. Disposing the socket in the process that made it
    /// removes the file.
    /// </summary>
    /// <param name="backlog">How many peers may wait to be accepted.</param>
    /// <exception cref="SocketException">AddressAlreadyInUse: there is a file or a listener.</exception>
    public Socket Listen(int backlog = 512)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(ToEndPoint());
            if (!IsAbstract)
            {
                File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            socket.Listen(backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The address as shims tell it: <c>unix://</c> and the path.</summary>
    public override string ToString() => IsAbstract ? $"{Scheme}@{Path}" : Scheme + Path;
}
