using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gantry.Server.Metrics;

/// <summary>Serves metrics over HTTP/1.1, with the same web server as the API. It owns the socket that it is given.</summary>
internal sealed class MetricsHost : IAsyncDisposable
{
    private const int MaxConnections = 64;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(1);

    private readonly KestrelServer _server;

    private MetricsHost(KestrelServer server) => _server = server;

    /// <summary>Starts to serve.</summary>
    /// <param name="socket">A bound socket.</param>
    /// <param name="source">What is served.</param>
    /// <param name="loggers">Where the server logs.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<MetricsHost> StartAsync(
        Socket socket, MetricsSource source, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        KestrelServerOptions options = new() { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MaxConnections;
        options.Limits.MaxRequestBodySize = 0;
        options.Listen((IPEndPoint)socket.LocalEndPoint!, static listen => listen.Protocols = HttpProtocols.Http1);
        SocketTransportOptions transport = new() { CreateBoundListenSocket = _ => socket };
        MetricsHost host = new(new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(transport), loggers), loggers));
        try
        {
            await host._server.StartAsync(new MetricsApplication(source), cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening; a scrape that goes on has a moment.</summary>
    public async ValueTask DisposeAsync()
    {
        using (CancellationTokenSource limit = new(StopLimit))
        {
            await _server.StopAsync(limit.Token);
        }

        _server.Dispose();
    }
}
