using System.Net.Sockets;
using Gantry.Linux.Io;
using Gantry.Ttrpc.Internal;
using Grpc.Core;

namespace Gantry.Ttrpc;

/// <summary>Serves gRPC services over ttrpc.</summary>
/// <example>
/// <c>server.AddService("containerd.task.v2.Task", binder => Task.BindService(binder, new TaskService()));</c> and then
/// <c>await server.RunAsync(listener, token);</c>
/// </example>
public sealed class TtrpcServer : IAsyncDisposable
{
    private readonly TtrpcServerOptions _options;
    private readonly ServiceTable _services = new();
    private readonly CancellationTokenSource _stop = new();

    // Guards _connections and _disposed.
    private readonly Lock _gate = new();
    private readonly HashSet<ServerConnection> _connections = [];
    private bool _disposed;

    /// <summary>Makes a server that serves nothing yet.</summary>
    /// <param name="options">How it behaves; the defaults when left out.</param>
    public TtrpcServer(TtrpcServerOptions? options = null) => _options = options ?? new TtrpcServerOptions();

    /// <summary>Adds a service. All services are added before the server runs.</summary>
    /// <param name="service">The full name that it is served by; that in the generated code does not count.</param>
    /// <param name="bind">The generated <c>BindService(binder, implementation)</c>; called at the first call.</param>
    public void AddService(string service, Action<ServiceBinderBase> bind)
    {
        ArgumentException.ThrowIfNullOrEmpty(service);
        ArgumentNullException.ThrowIfNull(bind);
        _services.Add(service, bind);
    }

    /// <summary>
    /// Accepts connections until the token is cancelled, then lets open calls end (see
    /// <see cref="TtrpcServerOptions.DrainTimeout"/>) and returns. It may run for several listeners at once.
    /// </summary>
    /// <param name="listener">A listening Unix socket; the caller disposes it.</param>
    /// <param name="cancellationToken">Stops the server.</param>
    public async Task RunAsync(Socket listener, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(listener);
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        await new AcceptLoop(this, listener).RunAsync(stop.Token);
    }

    /// <summary>Serves one connection until the peer closes it or the token is cancelled.</summary>
    /// <param name="socket">A connected Unix socket; it is disposed here.</param>
    /// <param name="cancellationToken">Stops the connection as it stops a server.</param>
    public async Task ServeConnectionAsync(Socket socket, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(socket);
        PeerCredentials? peer = null;
        try
        {
            peer = PeerCredentials.Of(socket);
            if (_options.SameUserOnly && peer.Value.UserId != PeerCredentials.Self.UserId)
            {
                throw new UnauthorizedAccessException(
                    $"ttrpc: peer {peer.Value.ProcessId} runs as user {peer.Value.UserId}: permission denied");
            }

            await using ServerConnection connection = new(socket, _services, _options, peer.Value);
            if (!TryAdd(connection))
            {
                return;
            }

            try
            {
                using CancellationTokenSource stop =
                    CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
                await connection.RunAsync(stop.Token);
            }
            finally
            {
                Remove(connection);
            }
        }
#pragma warning disable CA1031 // The boundary of a connection: one peer's failure is not the server's.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _options.ConnectionFailed?.Invoke(peer, failure);
        }
        finally
        {
            socket.Dispose();
        }
    }

    /// <summary>Stops every listener and connection, lets open calls end, and returns when all is closed.</summary>
    public async ValueTask DisposeAsync()
    {
        ServerConnection[] open;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            open = [.. _connections];
        }

        await _stop.CancelAsync();
        await Task.WhenAll(open.Select(connection => connection.Ended));
        _stop.Dispose();
    }

    private bool TryAdd(ServerConnection connection)
    {
        lock (_gate)
        {
            return !_disposed && _connections.Add(connection);
        }
    }

    private void Remove(ServerConnection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
        }
    }
}
