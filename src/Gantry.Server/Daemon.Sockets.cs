using System.Net.Sockets;
using Gantry.Server.Config;
using Gantry.Server.Debugging;
using Gantry.Server.Hosting;
using Gantry.Server.Logging;
using Gantry.Server.Metrics;
using Gantry.Server.Services;

namespace Gantry.Server;

/// <content>The sockets, and what answers on them.</content>
public sealed partial class Daemon
{
    private const int MaxDebugConnections = 16;
    private const int MaxMetricsConnections = 64;

    private async Task<DaemonSockets> BindAllAsync(CancellationToken cancellationToken)
    {
        Socket grpc = await BindAsync(_config.Grpc, _config.Grpc.Address, cancellationToken);
        Socket ttrpc = await BindAsync(_config.TtrpcSocket, _config.TtrpcAddress, cancellationToken);
        Socket? debug = _config.Debug.Address.Length > 0
            ? await BindAsync(_config.Debug, _config.Debug.Address, cancellationToken)
            : null;
        if (_config.Metrics.Address.Length == 0)
        {
            return new DaemonSockets(grpc, ttrpc, debug, Metrics: null);
        }

        Socket metrics = await MetricsSocket.BindAsync(_config.Metrics.Address, cancellationToken);
        Own(metrics);
        MeterReader meters = MeterReader.Start();
        Own(meters);
        return new DaemonSockets(grpc, ttrpc, debug, (metrics, meters));
    }

    private async Task<Socket> BindAsync(SocketConfig config, string address, CancellationToken cancellationToken)
    {
        ListenSocket.Check(address);
        _made.Make(Path.GetDirectoryName(address)!, DaemonDirectories.Passable);
        Socket socket = await ListenSocket.BindAsync(address, config.UserId, config.GroupId, cancellationToken);
        Own(new SocketFile(address, socket));
        return socket;
    }

    /// <summary>Answers on all sockets, the debug socket first, and metrics when there is something to tell.</summary>
    private async Task ServeAsync(
        DaemonSockets sockets,
        DaemonStorage storage,
        DaemonRuntime runtime,
        ApiServices services,
        CancellationToken cancellationToken)
    {
        _report = new DebugReport(services.Lifetime.Calls, runtime.Tasks, runtime.Sandboxes);
        if (sockets.Debug is not null)
        {
            Own(await HttpHost.StartAsync(
                sockets.Debug, new DebugApplication(_report), MaxDebugConnections, _loggers, cancellationToken));
        }

        Own(await ApiHost.StartAsync(sockets.Grpc, _config.Limits, services, _loggers, cancellationToken));
        if (sockets.Metrics is { } metrics)
        {
            MetricsSource source = new(
                storage.Metadata, runtime.Tasks, runtime.Events.Counters, services.Calls, metrics.Meters, _config.Metrics, _time);
            Own(source);
            Own(await HttpHost.StartAsync(
                metrics.Socket, new MetricsApplication(source), MaxMetricsConnections, _loggers, cancellationToken));
            ServerLog.Serving(_logger, _config.Metrics.Address);
        }
    }

    private sealed record DaemonSockets(
        Socket Grpc, Socket Ttrpc, Socket? Debug, (Socket Socket, MeterReader Meters)? Metrics);
}
