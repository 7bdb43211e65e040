using Gantry.Archive.Apply;
using Gantry.Core.Snapshots;
using Gantry.Server.Config;
using Gantry.Server.Logging;
using Gantry.Server.Proxies;
using Gantry.Snapshotters.Btrfs;
using Gantry.Snapshotters.Native;
using Gantry.Snapshotters.Overlay;
using Gantry.Storage.Metadata;
using Microsoft.Extensions.Logging;

namespace Gantry.Server;

/// <summary>The snapshotters of this daemon: those that work on this machine, and why the others don't.</summary>
internal sealed class SnapshotterSet : IAsyncDisposable
{
    private readonly List<ISnapshotDriver> _drivers = [];
    private readonly List<(string Name, string Reason)> _skipped = [];

    private SnapshotterSet()
    {
    }

    /// <summary>Those that work.</summary>
    public IReadOnlyList<ISnapshotDriver> Drivers => _drivers;

    /// <summary>Opens all that are not disabled.</summary>
    public static SnapshotterSet Open(DaemonConfig config, ILoggerFactory loggers, TimeProvider time)
    {
        SnapshotterSet set = new();
        ILogger logger = loggers.CreateLogger<SnapshotterSet>();
        set.Add(
            config,
            "native",
            probe: _ => null,
            root => NativeDriver.Create(root, loggers.CreateLogger<NativeDriver>()),
            logger);
        set.Add(
            config,
            "overlayfs",
            OverlayDriver.Probe,
            root => OverlayDriver.Create(
                root, config.Overlay, loggers.CreateLogger<OverlayDriver>(), LayerAttacher.Attach),
            logger);

        // Most machines have another filesystem: nothing to warn of.
        set.Add(
            config,
            "btrfs",
            BtrfsDriver.Probe,
            root => BtrfsDriver.Create(root, loggers.CreateLogger<BtrfsDriver>()),
            logger,
            LogLevel.Information);

        // Content and diff proxies are used elsewhere: ContentSource, DifferSet.
        foreach (ProxyPluginConfig proxy in config.ProxyPlugins)
        {
            set.AddProxy(proxy, config, loggers, logger, time);
        }

        return set;
    }

    /// <summary>What clients are told.</summary>
    public BuiltinFacts Facts(MetadataStore metadata, DaemonConfig config, ProxyPluginConfig? contentProxy) => new(
        metadata.ContentRoot,
        metadata.DatabasePath,
        config.ShareContent ? "shared" : "isolated",
        ContainerLogs.In(config.Root),
        _drivers,
        _skipped)
    {
        ContentProxy = contentProxy,
        Servers = [.. Servers(config).Where(server => server.Address.Length > 0)],
        DiffProxies = [.. config.ProxyPlugins.Where(proxy => proxy.Type == "diff")],
    };

    private static (string Id, string Address)[] Servers(DaemonConfig config) =>
    [
        ("grpc", config.Grpc.Address), ("ttrpc", config.TtrpcAddress), ("debug", config.Debug.Address),
    ];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ISnapshotDriver driver in _drivers)
        {
            if (driver is IAsyncDisposable disposable)
            {
                await disposable.DisposeAsync();
            }
        }
    }

    /// <summary>Opens one of the daemon's own, unless it is disabled or a probe of its root says why it can't work.</summary>
    private void Add(
        DaemonConfig config,
        string name,
        Func<string, string?> probe,
        Func<string, ISnapshotDriver> create,
        ILogger logger,
        LogLevel level = LogLevel.Warning)
    {
        if (config.IsDisabled(DaemonConfig.SnapshotterType, name))
        {
            return;
        }

        string root = config.SnapshotterRoot(name);
        if (probe(root) is { } reason)
        {
            Skip(logger, level, name, reason);
            return;
        }

        _drivers.Add(create(root));
    }

    private void AddProxy(
        ProxyPluginConfig proxy,
        DaemonConfig config,
        ILoggerFactory loggers,
        ILogger logger,
        TimeProvider time)
    {
        if (proxy.Type is "content" or "diff")
        {
            return;
        }

        if (proxy.Type is not "snapshot")
        {
            ServerLog.PluginSkipped(
                logger, LogLevel.Warning, $"proxy_plugins.{proxy.Name}", $"no proxy of type {proxy.Type} is supported");
            return;
        }

        if (_drivers.Exists(driver => driver.Name == proxy.Name))
        {
            Skip(logger, LogLevel.Warning, proxy.Name, "there is a snapshotter of that name");
        }
        else if (!config.IsDisabled(DaemonConfig.SnapshotterType, proxy.Name))
        {
            _drivers.Add(new ProxySnapshotDriver(
                proxy,
                config.SnapshotterRoot(proxy.Name),
                config.ProxyTimeout,
                time,
                loggers.CreateLogger<ProxySnapshotDriver>()));
        }
    }

    private void Skip(ILogger logger, LogLevel level, string name, string reason)
    {
        ServerLog.PluginSkipped(logger, level, $"{DaemonConfig.SnapshotterType}.{name}", reason);
        _skipped.Add((name, reason));
    }
}
