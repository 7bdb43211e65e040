using System.Net.Sockets;
using Gantry.Api.Services.EventsTtrpc;
using Gantry.Core.Events;
using Gantry.Server.Logging;
using Gantry.Server.Services;
using Gantry.Ttrpc;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Hosting;

/// <summary>The ttrpc endpoint, where shims of this user send their events.</summary>
internal static class ShimEvents
{
    private const int Backlog = 512;

    private static readonly TimeSpan Drain = TimeSpan.FromMilliseconds(200);

    /// <summary>Starts to listen.</summary>
    /// <param name="listener">A bound socket; the caller disposes it.</param>
    /// <param name="events">Where the events go.</param>
    /// <param name="traces">Sends the spans of shims on; null when nothing is traced.</param>
    /// <param name="logger">Where refused and broken connections are told.</param>
    public static IAsyncDisposable Start(Socket listener, IEventExchange events, DaemonTracing? traces, ILogger logger)
    {
        TtrpcServer server = new(new TtrpcServerOptions
        {
            DrainTimeout = Drain,
            ConnectionFailed = (_, exception) => ServerLog.ConnectionFailed(logger, exception.Message),
        });
        server.AddService(
            "containerd.services.events.ttrpc.v1.Events",
            binder => Events.BindService(binder, new EventsTtrpcService(events)));
        if (traces is not null)
        {
            server.AddService(TraceRelay.ServiceName, binder => TraceRelay.Bind(binder, traces.SendAsync));
        }

        listener.Listen(Backlog);
        return BackgroundPart.Start(
            "ttrpc",
            async token =>
            {
                await using (server)
                {
                    await server.RunAsync(listener, token);
                }
            },
            logger);
    }
}
