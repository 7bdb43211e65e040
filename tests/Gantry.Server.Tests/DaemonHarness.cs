using System.Net.Sockets;
using Gantry.Server.Config;
using Gantry.Testing;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Server.Tests;

/// <summary>A whole daemon in this process, on a private root, and a client of it.</summary>
public sealed class DaemonHarness : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private Daemon? _daemon;
    private GrpcChannel? _channel;

    private DaemonHarness()
    {
    }

    public string Address => _directory["s/d.sock"];

    public string Root => _directory["r"];

    public CallInvoker Calls => _channel!.CreateCallInvoker();

    public DaemonConfig Config => Change(new DaemonConfig
    {
        Root = Root,
        State = _directory["s"],
        Grpc = new SocketConfig { Address = Address },
        Metrics = new MetricsConfig { Address = MetricsAddress, GrpcHistogram = true },
    });

    /// <summary>What a test sets up in another way.</summary>
    public Func<DaemonConfig, DaemonConfig> Change { get; private init; } = config => config;

    /// <summary>Where metrics are served; empty for nowhere.</summary>
    public string MetricsAddress { get; private init; } = "";

    public static async Task<DaemonHarness> StartAsync(
        CancellationToken cancellationToken, string metricsAddress = "", Func<DaemonConfig, DaemonConfig>? change = null)
    {
        Needs.Root();
        DaemonHarness harness = new() { MetricsAddress = metricsAddress, Change = change ?? (config => config) };
        await harness.RestartAsync(cancellationToken);
        return harness;
    }

    public async Task StopAsync()
    {
        _channel?.Dispose();
        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();
        }
    }

    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await StopAsync();
        _daemon = await Daemon.StartAsync(Config, NullLoggerFactory.Instance, TimeProvider.System, cancellationToken);
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (_, token) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Address), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        _channel = GrpcChannel.ForAddress(
            "http://localhost",
            new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    public static Metadata In(string ns, string? lease = null)
    {
        Metadata headers = new() { { "containerd-namespace", ns } };
        if (lease is not null)
        {
            headers.Add("containerd-lease", lease);
        }

        return headers;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Dispose();
    }
}
