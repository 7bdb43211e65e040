using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gantry.Server.Hosting;

/// <summary>
/// Serves figures over HTTP/1.1, with the same web server as the API. It owns the socket that it is given.
/// </summary>
internal sealed class HttpHost : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(1);

    private readonly KestrelServer _server;

    private HttpHost(KestrelServer server) => _server = server;

    /// <summary>Starts to serve.</summary>
    /// <param name="socket">A bound socket, which is listened on.</param>
    /// <param name="application">What answers.</param>
    /// <param name="maxConnections">How many clients there may be at once.</param>
    /// <param name="loggers">Where the server logs.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<HttpHost> StartAsync(
        Socket socket,
        IHttpApplication<HttpContext> application,
        int maxConnections,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        KestrelServerOptions options = new() { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = maxConnections;
        options.Limits.MaxRequestBodySize = 0;
        options.Listen(socket.LocalEndPoint!, static listen => listen.Protocols = HttpProtocols.Http1);
        SocketTransportOptions transport = new() { CreateBoundListenSocket = _ => socket };
        HttpHost host = new(new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(transport), loggers), loggers));
        try
        {
            await host._server.StartAsync(application, cancellationToken);
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
