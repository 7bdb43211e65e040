using System.Net.Sockets;
using Gantry.Core.Errors;
using Gantry.Linux;
using Gantry.Linux.Io;
using Gantry.Linux.Syscalls;

namespace Gantry.Server.Hosting;

/// <summary>
/// A bound Unix socket of the daemon's. A file left behind by a daemon that died is removed; a socket that somebody
/// answers on is not. Nobody can connect before owner and mode are set, because nothing listens until then.
/// </summary>
public static class ListenSocket
{
    /// <summary>The greatest length of a socket's path in bytes: sockaddr_un's, with its final zero.</summary>
    public const int MaxPathLength = 107;

    private const UnixFileMode SocketMode = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Binds a socket with mode 0660; missing parent directories get 0711.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="userId">The owner; -1 for the daemon's own.</param>
    /// <param name="groupId">The group; -1 for the daemon's own.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The socket, bound and not yet listening; its file goes when it is disposed.</returns>
    /// <exception cref="GantryException">
    /// AlreadyExists: somebody answers there; InvalidArgument: the path can't be a socket's; FailedPrecondition: the system
    /// refuses it.
    /// </exception>
    public static async Task<Socket> BindAsync(
        string path,
        int userId,
        int groupId,
        CancellationToken cancellationToken)
    {
        Check(path);
        string directory = Path.GetDirectoryName(path)!;
        CreateDirectories(directory);

        await RemoveStaleAsync(path, cancellationToken);
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            Bind(socket, path);
            File.SetUnixFileMode(path, SocketMode);
            PathOwnership.Set(path, (uint)userId, (uint)groupId);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Bind(Socket socket, string path)
    {
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException exception)
        {
            throw Refused(path, exception);
        }
    }

    /// <summary>What the system has against a socket: the runtime has no words for a read-only file system.</summary>
    private static GantryException Refused(string path, SocketException exception)
    {
        try
        {
            UnixSockets.Listen(path, backlog: 1).Dispose();
            File.Delete(path);
            return new GantryException(ErrorKind.FailedPrecondition, $"bind {path}: {exception.Message}", exception);
        }
        catch (LinuxException reason)
        {
            return new GantryException(ErrorKind.FailedPrecondition, reason.Message, exception);
        }
    }

    // Directory.CreateDirectory gives its mode to the last directory only.
    private static void CreateDirectories(string directory)
    {
        Stack<string> missing = new();
        for (string? path = directory; path is not null && !Directory.Exists(path); path = Path.GetDirectoryName(path))
        {
            missing.Push(path);
        }

        while (missing.TryPop(out string? path))
        {
            Directory.CreateDirectory(path, DirectoryMode);
        }
    }

    /// <summary>Looks whether a path can be a socket's.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="GantryException">InvalidArgument: it can't.</exception>
    public static void Check(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!Path.IsPathRooted(path))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"socket address \"{path}\" is no absolute path");
        }

        int length = System.Text.Encoding.UTF8.GetByteCount(path);
        if (length > MaxPathLength)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"socket address \"{path}\": {length} bytes are more than the {MaxPathLength} of a socket");
        }
    }

    private static async Task RemoveStaleAsync(string path, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"socket address {path} is a directory, and no socket");
        }

        if (!File.Exists(path))
        {
            return;
        }

        using (Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            try
            {
                await probe.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                throw new GantryException(
                    ErrorKind.AlreadyExists,
                    $"socket {path}: another daemon answers there");
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionRefused)
            {
                // Nobody listens: what is left of a daemon that died, or a file that is no socket at all.
            }
            catch (SocketException exception)
            {
                throw new GantryException(ErrorKind.FailedPrecondition, $"connect {path}: {exception.Message}", exception);
            }
        }

        if (!IsSocket(path))
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"socket address {path} is a file, and no socket");
        }

        File.Delete(path);
    }

    private static bool IsSocket(string path)
    {
        // File attributes can't tell a socket from a device; opening a socket fails with ENXIO, and only that does.
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
