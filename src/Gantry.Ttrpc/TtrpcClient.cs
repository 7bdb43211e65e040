using System.Net.Sockets;
using Gantry.Ttrpc.Internal;
using Grpc.Core;

namespace Gantry.Ttrpc;

/// <summary>
/// One connection to a ttrpc server. Any number of calls may run on it at once. It is never closed for being idle:
/// losing a connection is how the other side learns that a process is gone.
/// </summary>
/// <example>
/// <c>await using TtrpcClient client = await TtrpcClient.ConnectAsync(path, token);</c>
/// <c>Task.TaskClient task = new(client.CallInvoker);</c>
/// </example>
public sealed class TtrpcClient : IAsyncDisposable
{
    private readonly ClientConnection _connection;

    private TtrpcClient(ClientConnection connection)
    {
        _connection = connection;
        CallInvoker = new TtrpcCallInvoker(connection);
    }

    /// <summary>What generated clients are made from. A call on a closed connection fails with <c>ttrpc: closed</c>.</summary>
    public CallInvoker CallInvoker { get; }

    /// <summary>Completes when the connection is gone, whoever closed it; it never fails.</summary>
    public Task Closed => _connection.Closed;

    /// <summary>Why the connection is gone, when it went by a failure: a malformed frame, a reset.</summary>
    public Exception? Failure => _connection.Failure;

    /// <summary>Connects to a Unix socket.</summary>
    /// <param name="address">A path, or <c>unix://PATH</c>; see <see cref="TtrpcAddress"/>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketException">Nothing listens there.</exception>
    public static async Task<TtrpcClient> ConnectAsync(string address, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(TtrpcAddress.Parse(address).ToEndPoint(), cancellationToken);
            return FromSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Speaks over a socket that is connected already.</summary>
    /// <param name="socket">The socket; it belongs to the client from now on.</param>
    /// <param name="options">How the client behaves; the defaults when left out.</param>
    public static TtrpcClient FromSocket(Socket socket, TtrpcClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ClientConnection connection = new(socket, (options ?? new TtrpcClientOptions()).TimeProvider);
        connection.Start();
        return new TtrpcClient(connection);
    }

    /// <summary>Closes the connection. Open calls fail with <c>ttrpc: closed</c>.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
