using Gantry.Archive;
using Gantry.Core.Errors;
using Gantry.Core.Plugins;
using Gantry.Server.Hosting;
using Gantry.Server.Logging;
using Gantry.Server.Maintenance;
using Gantry.Server.Services;

namespace Gantry.Server;

/// <content>What the API is made of.</content>
public sealed partial class Daemon
{
    private ApiServices MakeServices(
        DaemonStorage storage, DaemonRuntime runtime, TemporaryMounts mounts, RuntimeCheck check)
    {
        IReadOnlyList<PluginInfo> all =
            Builtins.List(storage.Snapshotters.Facts(storage.Metadata, _config, storage.Blobs?.Config));
        IReadOnlyList<PluginInfo> plugins = [.. all.Where(IsEnabled)];
        RequirePlugins(plugins);
        DifferSet differs = new(
            _config,
            scope => new ContentDiffer(scope.Content, mounts.WithAsync, processors: _config.StreamProcessors),
            _time);
        Own(differs);
        return new ApiServices(
            new DaemonLifetime(_time, _stopping.Token),
            storage.Metadata,
            storage.Metadata.Scan,
            storage.Metadata.Collector,
            runtime.Events,
            runtime.Audit,
            runtime.Tasks,
            runtime.Sandboxes,
            differs.For,
            new DaemonMaintenance(storage.Metadata, check),
            plugins,
            RootIdentity.Ensure(_config.Root),
            ContainerLogs.In(_config.Root),
            () => _inForce.Transfers,
            _loggers)
        {
            Deprecations = _config.Deprecations,
            Disabled = [.. all.Except(plugins).Select(Builtins.ServiceOf).OfType<string>()],
        };
    }

    private bool IsEnabled(PluginInfo plugin)
    {
        if (!_config.IsDisabled(plugin.Type, plugin.Id))
        {
            return true;
        }

        if (!Builtins.CanBeDisabled(plugin))
        {
            ServerLog.NotDisabled(_logger, $"{plugin.Type}.{plugin.Id}");
            return true;
        }

        return false;
    }

    private void RequirePlugins(IReadOnlyList<PluginInfo> plugins)
    {
        foreach (string required in _config.RequiredPlugins)
        {
            PluginInfo? plugin = plugins.FirstOrDefault(candidate =>
                string.Equals($"{candidate.Type}.{candidate.Id}", required, StringComparison.Ordinal));
            if (plugin is not { InitError: null })
            {
                throw new GantryException(
                    ErrorKind.FailedPrecondition,
                    $"required plugin {required} is not there{(plugin is null ? "" : $": {plugin.InitError}")}");
            }
        }
    }
}
