using Gantry.Core.Snapshots;
using Gantry.Server.Config;
using Gantry.Server.Logging;
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
    public static SnapshotterSet Open(DaemonConfig config, ILoggerFactory loggers)
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

        return set;
    }

    /// <summary>What clients are told.</summary>
    public BuiltinFacts Facts(MetadataStore metadata, DaemonConfig config) => new(
        metadata.ContentRoot,
        metadata.DatabasePath,
        config.ShareContent ? "shared" : "isolated",
        _drivers,
        _skipped);

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
            ServerLog.PluginSkipped(logger, $"{PluginType}.overlayfs", reason);
            _skipped.Add(("overlayfs", reason));
            return;
        }

        OverlayOptions options = new()
        {
            MountOptions = config.OverlayMountOptions.Count > 0 ? config.OverlayMountOptions : null,
        };
        _drivers.Add(OverlayDriver.Create(root, options, loggers.CreateLogger<OverlayDriver>()));
    }

    private static string RootOf(DaemonConfig config, string name) =>
        config.SnapshotterRoots.GetValueOrDefault(name, Path.Combine(config.Root, $"{PluginType}.{name}"));

    private static bool IsDisabled(DaemonConfig config, string name) =>
        config.DisabledPlugins.Contains($"{PluginType}.{name}", StringComparer.Ordinal);
}
