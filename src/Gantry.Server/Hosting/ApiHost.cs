using System.Net.Sockets;
using Gantry.Server.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Hosting;

/// <summary>The gRPC endpoint: HTTP/2 without TLS on one Unix socket. It owns the socket that it is given.</summary>
public sealed class ApiHost : IAsyncDisposable
{
    private const int MaxStreamsPerConnection = 100_000;
    private const int WindowSize = 1 << 20;

    private static readonly TimeSpan StopPatience = TimeSpan.FromMilliseconds(400);

    private readonly WebApplication _application;

    private ApiHost(WebApplication application) => _application = application;

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
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, OwnedLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopPatience);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => ConfigureKestrel(kestrel, socket));
        builder.Services.Configure<SocketTransportOptions>(transport => ConfigureTransport(transport, socket));
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.MaxReceiveMessageSize;
            grpc.MaxSendMessageSize = options.MaxSendMessageSize;
            grpc.EnableDetailedErrors = false;
            grpc.Interceptors.Add<ErrorInterceptor>();
        });
        services.Register(builder.Services);

        WebApplication application = builder.Build();
        ApiServices.Map(application);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        return new ApiHost(application);
    }

    /// <summary>Stops listening, gives calls under way a moment to end, and cuts off those that don't.</summary>
    public async Task StopAsync()
    {
        using CancellationTokenSource patience = new(StopPatience);
        await _application.StopAsync(patience.Token);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static void ConfigureTransport(SocketTransportOptions transport, Socket socket)
    {
        transport.CreateBoundListenSocket = _ => socket;

        // What has read from the socket parses it, and what has an answer sends it, without handing it to another
        // thread first: each hand-over costs a call as much as its work. A call itself has a thread of its own.
        transport.UnsafePreferInlineScheduling = true;
    }

    private static void ConfigureKestrel(KestrelServerOptions kestrel, Socket socket)
    {
        kestrel.AddServerHeader = false;
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
        });
    }
}
