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
    private const string PluginType = "io.containerd.snapshotter.v1";

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
        if (!IsDisabled(config, "native"))
        {
            string root = RootOf(config, "native");
            set._drivers.Add(NativeDriver.Create(root, loggers.CreateLogger<NativeDriver>()));
        }

        if (!IsDisabled(config, "overlayfs"))
        {
            set.OpenOverlay(config, loggers, logger);
        }

        if (!IsDisabled(config, "btrfs"))
        {
            set.OpenBtrfs(config, loggers, logger);
        }

        // Content and diff proxies are used elsewhere: ContentSource, DifferSet.
        foreach (ProxyPluginConfig proxy in config.ProxyPlugins)
        {
            set.OpenProxy(proxy, config, loggers, logger, time);
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
        DiffProxies = [.. config.ProxyPlugins.Where(proxy => proxy.Type == "diff")],
    };

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

    private void OpenOverlay(DaemonConfig config, ILoggerFactory loggers, ILogger logger)
    {
        string root = RootOf(config, "overlayfs");
        if (OverlayDriver.Probe(root) is { } reason)
        {
            Skip(logger, LogLevel.Warning, "overlayfs", reason);
            return;
        }

        _drivers.Add(OverlayDriver.Create(root, config.Overlay, loggers.CreateLogger<OverlayDriver>()));
    }

    private void OpenBtrfs(DaemonConfig config, ILoggerFactory loggers, ILogger logger)
    {
        string root = RootOf(config, "btrfs");
        if (BtrfsDriver.Probe(root) is { } reason)
        {
            // Most machines have another filesystem: nothing to warn of.
            Skip(logger, LogLevel.Information, "btrfs", reason);
            return;
        }

        _drivers.Add(BtrfsDriver.Create(root, loggers.CreateLogger<BtrfsDriver>()));
    }

    private void OpenProxy(
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
        else if (!IsDisabled(config, proxy.Name))
        {
            _drivers.Add(new ProxySnapshotDriver(
                proxy,
                RootOf(config, proxy.Name),
                config.ProxyTimeout,
                time,
                loggers.CreateLogger<ProxySnapshotDriver>()));
        }
    }

    private void Skip(ILogger logger, LogLevel level, string name, string reason)
    {
        ServerLog.PluginSkipped(logger, level, $"{PluginType}.{name}", reason);
        _skipped.Add((name, reason));
    }

    private static string RootOf(DaemonConfig config, string name) =>
        config.SnapshotterRoots.GetValueOrDefault(name, Path.Combine(config.Root, $"{PluginType}.{name}"));

    private static bool IsDisabled(DaemonConfig config, string name) =>
        config.DisabledPlugins.Contains($"{PluginType}.{name}", StringComparer.Ordinal);
}
