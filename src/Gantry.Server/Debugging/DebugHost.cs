using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gantry.Server.Debugging;

/// <summary>Serves the debug socket over HTTP/1.1, with the same web server as the API.</summary>
internal sealed class DebugHost : IAsyncDisposable
{
    private const int MaxConnections = 16;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(1);

    private readonly KestrelServer _server;

    private DebugHost(KestrelServer server) => _server = server;

    /// <summary>Starts to serve.</summary>
    /// <param name="socket">A bound Unix socket, which is listened on.</param>
    /// <param name="report">What is told.</param>
    /// <param name="loggers">Where the server logs.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<DebugHost> StartAsync(
        Socket socket, DebugReport report, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        KestrelServerOptions options = new() { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MaxConnections;
        options.Limits.MaxRequestBodySize = 0;
        string path = ((UnixDomainSocketEndPoint)socket.LocalEndPoint!).ToString();
        options.ListenUnixSocket(path, static listen => listen.Protocols = HttpProtocols.Http1);
        SocketTransportOptions transport = new() { CreateBoundListenSocket = _ => socket };
        DebugHost host = new(new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(transport), loggers), loggers));
        try
        {
            await host._server.StartAsync(new DebugApplication(report), cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening; a request that goes on has a moment.</summary>
    public async ValueTask DisposeAsync()
    {
        using (CancellationTokenSource limit = new(StopLimit))
        {
            await _server.StopAsync(limit.Token);
        }

        _server.Dispose();
    }
}
