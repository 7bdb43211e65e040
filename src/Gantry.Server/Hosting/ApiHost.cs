using System.Net.Sockets;
using Gantry.Server.Auditing;
using Gantry.Server.Services;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gantry.Server.Hosting;

/// <summary>
/// The gRPC endpoint: HTTP/2 without TLS on one Unix socket. It owns the socket that it is given. It is the web server alone,
/// without the host that web applications have around it, which would take a good part of the daemon's start.
/// </summary>
public sealed class ApiHost : IAsyncDisposable
{
    private const int MaxStreamsPerConnection = 100_000;
    private const int WindowSize = 1 << 20;

    private readonly KestrelServer _server;
    private readonly ServiceProvider _provider;

    private ApiHost(KestrelServer server, ServiceProvider provider)
    {
        _server = server;
        _provider = provider;
    }

    /// <summary>Starts to serve.</summary>
    /// <param name="socket">A bound socket.</param>
    /// <param name="options">Limits.</param>
    /// <param name="services">The services to serve.</param>
    /// <param name="loggers">Where the server logs.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<ApiHost> StartAsync(
        Socket socket,
        ApiHostOptions options,
        ApiServices services,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(services);
        ServiceCollection collection = new();
        collection.AddSingleton(loggers);
        collection.AddLogging();
        collection.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.MaxReceiveMessageSize;
            grpc.MaxSendMessageSize = options.MaxSendMessageSize;
            grpc.EnableDetailedErrors = false;
            grpc.Interceptors.Add<AuditInterceptor>();
            grpc.Interceptors.Add<ErrorInterceptor>();
        });
        services.Register(collection);

        ServiceProvider provider = collection.BuildServiceProvider();
        SocketTransportFactory transport = new(Options.Create(Transport(socket)), loggers);
        ApiHost host = new(new KestrelServer(Options.Create(Kestrel(socket, provider)), transport, loggers), provider);
        try
        {
            ApiApplication application = new(services.Table(provider), provider, services.Lifetime.Calls);
            await host._server.StartAsync(application, cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening, and cuts off the calls that have not ended by now.</summary>
    public ValueTask DisposeAsync()
    {
        _server.Dispose();
        return _provider.DisposeAsync();
    }

    private static SocketTransportOptions Transport(Socket socket) => new()
    {
        CreateBoundListenSocket = _ => socket,

        // What has read from the socket parses it, and what has an answer sends it, without handing it to another
        // thread first: each hand-over costs a call as much as its work. A call itself has a thread of its own.
        UnsafePreferInlineScheduling = true,
    };

    private static KestrelServerOptions Kestrel(Socket socket, IServiceProvider provider)
    {
        KestrelServerOptions kestrel = new() { AddServerHeader = false, ApplicationServices = provider };
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;

        // A connection may rest as long as it likes. Kestrel adds the time to a clock's, so it must leave room.
        limits.KeepAliveTimeout = TimeSpan.FromDays(36500);
        limits.Http2.MaxStreamsPerConnection = MaxStreamsPerConnection;
        limits.Http2.InitialConnectionWindowSize = WindowSize;
        limits.Http2.InitialStreamWindowSize = WindowSize;
        string path = ((UnixDomainSocketEndPoint)socket.LocalEndPoint!).ToString();
        kestrel.ListenUnixSocket(path, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(AuthorityReader.Wrap);
            listen.Use(Peer.Wrap);
        });
        return kestrel;
    }
}
