using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Events;
using Gantry.Runtime.Sandboxes;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Supervisor;
using Gantry.Runtime.Tasks;
using Gantry.Server.Hosting;
using Gantry.Server.Maintenance;
using Gantry.Storage.Events;
using Gantry.Storage.Metadata;
using Microsoft.Extensions.Logging;

namespace Gantry.Server;

/// <content>Events, tasks and sandboxes, and what looks after them.</content>
public sealed partial class Daemon
{
    private DaemonRuntime StartRuntime(DaemonStorage storage, Task serving)
    {
        EventExchange events = new(_time, OpenLog("events", _config.EventLog));
        EventHub audit = new(OpenLog("audit", _config.AuditLog), _time);
        TaskManagerOptions options = TaskOptions(storage);
        SandboxController sandboxes = new(options, events, _time, _loggers.CreateLogger<SandboxController>());
        Own(sandboxes);
        TaskManager tasks = new(
            options with { FindSandbox = SandboxOf(storage.Metadata, sandboxes) },
            events,
            _time,
            _loggers.CreateLogger<TaskManager>());
        Own(tasks);
        Task adoption = Task.WhenAll(
            sandboxes.LoadAsync(serving, _stopping.Token), tasks.LoadAsync(serving, _stopping.Token));
        return new DaemonRuntime(events, audit, sandboxes, tasks, adoption);
    }

    private void StartUpkeep(DaemonStorage storage, DaemonRuntime runtime, RuntimeCheck check)
    {
        Own(BackgroundPart.Start("metadata", storage.Metadata.RunAsync, _logger));
        Reconciler reconciler = new(
            check, runtime.Adoption, _config.ReconcileInterval, _time, _loggers.CreateLogger<Reconciler>());
        Own(BackgroundPart.Start("reconciler", reconciler.RunAsync, _logger));
        if (!_config.IsDisabled("io.containerd.monitor.container.v1", "restart"))
        {
            RestartMonitor restarts = new(
                storage.Metadata,
                runtime.Tasks,
                runtime.Events,
                _config.RestartInterval,
                _time,
                _loggers.CreateLogger<RestartMonitor>());
            Own(BackgroundPart.Start("restarts", restarts.RunAsync, _logger));
        }
    }

    /// <summary>Opens what keeps events, or calls; null when nothing does.</summary>
    private EventLog? OpenLog(string name, EventLogOptions options)
    {
        if (!options.Keep)
        {
            return null;
        }

        EventLog log = EventLog.Open(
            Path.Combine(_config.Root, "io.gantry." + name), options, _time, _loggers.CreateLogger<EventLog>());
        Own(log);
        Own(BackgroundPart.Start(name, log.RunAsync, _logger));
        return log;
    }

    private TaskManagerOptions TaskOptions(DaemonStorage storage) =>
        new(_config.Root, _config.State, _config.Grpc.Address, _config.TtrpcAddress)
        {
            Runtimes = _config.ShimBinaries,
            RequireContainer = (ns, id, token) => storage.Metadata.In(ns).Containers.GetAsync(id, token),
            ActivationsFor = (ns, mounts) => mounts is null || storage.Activator.Handles(mounts, temporary: false)
                ? storage.Metadata.In(ns).Mounts
                : null,
            DefaultExecutor = _config.DefaultExecutor,
            ShimEnvironment = _config.ShimEnvironment,
            Debug = _config.LogLevel <= LogLevel.Debug,
            Deadlines = _config.Deadlines,
        };

    /// <summary>A sandbox of which there is no record is none: a task that names it gets a shim of its own, as in containerd.</summary>
    private static Func<Namespace, string, CancellationToken, Task<BootstrapResult?>> SandboxOf(
        MetadataStore metadata, SandboxController sandboxes) => async (ns, id, token) =>
        {
            try
            {
                await metadata.In(ns).Sandboxes.GetAsync(id, token);
            }
            catch (GantryException failure) when (failure.Kind is ErrorKind.NotFound)
            {
                return null;
            }

            return await sandboxes.ShimOfAsync(ns, id, token);
        };

    private sealed record DaemonRuntime(
        EventExchange Events, EventHub Audit, SandboxController Sandboxes, TaskManager Tasks, Task Adoption);
}
