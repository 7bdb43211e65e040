using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Sockets;
using Gantry.Archive;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Core.Plugins;
using Gantry.Core.Snapshots;
using Gantry.Runtime.Events;
using Gantry.Runtime.Mounts;
using Gantry.Runtime.Sandboxes;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Supervisor;
using Gantry.Runtime.Tasks;
using Gantry.Server.Config;
using Gantry.Server.Debugging;
using Gantry.Server.Hosting;
using Gantry.Server.Logging;
using Gantry.Server.Maintenance;
using Gantry.Server.Metrics;
using Gantry.Server.Proxies;
using Gantry.Server.Services;
using Gantry.Storage.Bolt;
using Gantry.Storage.Events;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Microsoft.Extensions.Logging;

namespace Gantry.Server;

/// <summary>
/// The daemon, from the first directory to the last socket. Everything it starts is on one stack and stops in the
/// opposite order; containers live on.
/// </summary>
public sealed partial class Daemon : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly DaemonConfig _config;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<Daemon> _logger;
    private readonly TimeProvider _time;
    private readonly MadeDirectories _made = new();
    private volatile DaemonConfig _inForce;
    private DebugReport? _report;
    private bool _disposed;

    private Daemon(DaemonConfig config, ILoggerFactory loggers, TimeProvider time)
    {
        _config = config;
        _inForce = config;
        _loggers = loggers;
        _time = time;
        _logger = loggers.CreateLogger<Daemon>();
    }

    /// <summary>Starts a daemon and returns when it answers.</summary>
    /// <param name="config">How it is set up.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">It can't start; the message says why.</exception>
    public static async Task<Daemon> StartAsync(
        DaemonConfig config,
        ILoggerFactory loggers,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(loggers);
        Daemon daemon = new(config, loggers, time);
        try
        {
            await daemon.BeginAsync(cancellationToken);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            daemon._made.Undo();
            throw;
        }
    }

    /// <summary>Stops serving, ends what waits, and lets go of everything. Containers live on.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stopping.CancelAsync();
        while (_parts.TryPop(out IAsyncDisposable? part))
        {
            await EndAsync(part);
        }

        _stopping.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "one part's failure must not keep the others from ending")]
    private async Task EndAsync(IAsyncDisposable part)
    {
        try
        {
            await part.DisposeAsync();
        }
        catch (Exception exception)
        {
            ServerLog.PartEnded(_logger, part.GetType().Name, exception);
        }
    }

    /// <remarks>
    /// 1. Whether this program may work here, which changes nothing. 2. Sockets, bound and silent; directories, the lock on the
    /// root, and what containerd left there. 3. Everything durable. 4. The runtime: events, tasks, the ttrpc listener for shims.
    /// 5. The API answers. 6. Shims are adopted, garbage is collected.
    /// </remarks>
    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        ServerLog.Starting(_logger, BuildInfo.Version, BuildInfo.Revision, _config.Root, _config.State);
        foreach (string key in _config.UnknownKeys)
        {
            ServerLog.UnknownKey(_logger, key);
        }

        foreach (string warning in _config.Warnings)
        {
            ServerLog.ConfigWarning(_logger, warning);
        }

        foreach (Deprecation deprecation in _config.Deprecations)
        {
            ServerLog.Deprecated(_logger, deprecation.Message, deprecation.Id);
        }

        DaemonTracing? traces = DaemonTracing.Start(_logger, _time);
        if (traces is not null)
        {
            Own(traces);
        }

        // Step 1: whether this program may work here.
        DaemonDirectories.Check(_config);
        RootFormat.Check(_config.Root);

        // Step 2: sockets, then directories.
        DaemonDirectories.MakeState(_config, _made);
        Socket grpc = await BindAsync(_config.Grpc, _config.Grpc.Address, cancellationToken);
        Socket ttrpc = await BindAsync(_config.TtrpcSocket, _config.TtrpcAddress, cancellationToken);
        Socket? debug = _config.Debug.Address.Length > 0
            ? await BindAsync(_config.Debug, _config.Debug.Address, cancellationToken)
            : null;
        (Socket Socket, MeterReader Meters)? metrics = await BindMetricsAsync(cancellationToken);
        DaemonDirectories.MakeRoot(_config, _made);
        Own(RootLock.Take(_config.Root));
        RootFormat.Mark(_config.Root);
        BoltFile? containerd = AdoptedRoot.Open(_config, _time, _logger);
        if (containerd is not null)
        {
            Own(containerd);
        }

        TemporaryMounts mounts = new(
            Path.Combine(_config.Root, "tmpmounts"),
            _loggers.CreateLogger<TemporaryMounts>());

        // Step 3: everything durable.
        SnapshotterSet snapshotters = SnapshotterSet.Open(_config, _loggers, _time);
        Own(snapshotters);
        ProxyBlobStore? blobs = ContentSource.Open(_config, _time);
        if (blobs is not null)
        {
            Own(blobs);
        }

        ContentSource.Mark(_config.Root, blobs, _logger);
        MountDriver activator = new(
            Path.Combine(_config.State, "io.containerd.mount-manager.v1.bolt", "t"), _config.Root, _time);
        MetadataStore metadata = await MetadataStore.OpenAsync(
            StoreOptions(snapshotters.Drivers) with { Blobs = blobs, Mounts = activator },
            cancellationToken);
        Own(metadata);
        AdoptedRoot.Check(containerd, metadata.Adopted, _logger);

        // Step 4: the runtime.
        EventExchange events = new(_time, OpenLog("events", _config.EventLog));
        EventHub audit = new(OpenLog("audit", _config.AuditLog), _time);
        TaskManagerOptions options = TaskOptions(metadata, activator);
        SandboxController sandboxes = new(options, events, _time, _loggers.CreateLogger<SandboxController>());
        Own(sandboxes);
        TaskManager tasks = new(
            options with { FindSandbox = SandboxOf(metadata, sandboxes) },
            events,
            _time,
            _loggers.CreateLogger<TaskManager>());
        Own(tasks);

        // Step 6 begins here, so that bundles are known before the first call, and what was told of them before the first
        // event of a shim; it goes on beside the calls, once they are answered.
        TaskCompletionSource serving = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task adoption = Task.WhenAll(
            sandboxes.LoadAsync(serving.Task, _stopping.Token), tasks.LoadAsync(serving.Task, _stopping.Token));
        Own(ShimEvents.Start(ttrpc, events, traces, _logger));
        Own(BackgroundPart.Start("adoption of shims", _ => adoption, _logger));

        // Step 5: the API.
        IReadOnlyList<PluginInfo> all = Builtins.List(snapshotters.Facts(metadata, _config, blobs?.Config));
        IReadOnlyList<PluginInfo> plugins = [.. all.Where(IsEnabled)];
        RequirePlugins(plugins);
        DifferSet differs = new(
            _config,
            scope => new ContentDiffer(scope.Content, mounts.WithAsync, processors: _config.StreamProcessors),
            _time);
        Own(differs);
        DaemonLifetime lifetime = new(_time, _stopping.Token);
        RuntimeCheck runtime = new(
            _config.Root, _config.State, _config.Grpc.Address, metadata, tasks, sandboxes, mounts, _time);
        ApiServices services = new(
            lifetime,
            metadata,
            metadata.Scan,
            metadata.Collector,
            events,
            audit,
            tasks,
            sandboxes,
            differs.For,
            new DaemonMaintenance(metadata, runtime),
            plugins,
            RootIdentity.Ensure(_config.Root),
            ContainerLogs.In(_config.Root),
            () => _inForce.Transfers,
            _loggers)
        {
            Deprecations = _config.Deprecations,
            Disabled = [.. all.Except(plugins).Select(Builtins.ServiceOf).OfType<string>()],
        };
        _report = new DebugReport(lifetime.Calls, tasks, sandboxes);
        if (debug is not null)
        {
            Own(await DebugHost.StartAsync(debug, _report, _loggers, cancellationToken));
        }

        Own(await ApiHost.StartAsync(grpc, _config.Limits, services, _loggers, cancellationToken));
        await ServeMetricsAsync(metrics, metadata, tasks, events, services, cancellationToken);
        serving.SetResult();
        Own(BackgroundPart.Start("metadata", metadata.RunAsync, _logger));
        Reconciler reconciler = new(
            runtime, adoption, _config.ReconcileInterval, _time, _loggers.CreateLogger<Reconciler>());
        Own(BackgroundPart.Start("reconciler", reconciler.RunAsync, _logger));
        if (_config.RestartInterval is { } interval && !_config.IsDisabled("io.containerd.monitor.container.v1", "restart"))
        {
            RestartMonitor restarts = new(
                metadata, tasks, events, interval, _time, _loggers.CreateLogger<RestartMonitor>());
            Own(BackgroundPart.Start("restarts", restarts.RunAsync, _logger));
        }

        lifetime.Trimmer.Touch();
        Own(BackgroundPart.Start("memory", lifetime.Trimmer.RunAsync, _logger));
        ServerLog.Serving(_logger, _config.TtrpcAddress);
        ServerLog.Serving(_logger, _config.Grpc.Address);
        ServerLog.Booted(
            _logger,
            _time.GetElapsedTime(started).TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture));
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

    private async Task<Socket> BindAsync(SocketConfig config, string address, CancellationToken cancellationToken)
    {
        ListenSocket.Check(address);
        _made.Make(Path.GetDirectoryName(address)!, DaemonDirectories.Passable);
        Socket socket = await ListenSocket.BindAsync(address, config.UserId, config.GroupId, cancellationToken);
        Own(new SocketFile(address, socket));
        return socket;
    }

    private async Task<(Socket Socket, MeterReader Meters)?> BindMetricsAsync(CancellationToken cancellationToken)
    {
        if (_config.Metrics.Address.Length == 0)
        {
            return null;
        }

        Socket socket = await MetricsSocket.BindAsync(_config.Metrics.Address, cancellationToken);
        Own(socket);
        MeterReader meters = MeterReader.Start();
        Own(meters);
        return (socket, meters);
    }

    private async Task ServeMetricsAsync(
        (Socket Socket, MeterReader Meters)? metrics,
        MetadataStore metadata,
        TaskManager tasks,
        EventExchange events,
        ApiServices services,
        CancellationToken cancellationToken)
    {
        if (metrics is not { } bound)
        {
            return;
        }

        MetricsSource source = new(
            metadata, tasks, events.Counters, services.Calls, bound.Meters, _config.Metrics.GrpcHistogram, _time);
        Own(source);
        Own(await MetricsHost.StartAsync(bound.Socket, source, _loggers, cancellationToken));
        ServerLog.Serving(_logger, _config.Metrics.Address);
    }

    private MetadataStoreOptions StoreOptions(IReadOnlyList<ISnapshotDriver> drivers) => new(_config.Root)
    {
        Drivers = drivers,
        Time = _time,
        LoggerFactory = _loggers,
        ContentSharing = _config.ShareContent ? ContentSharing.Shared : ContentSharing.Isolated,
        Collector = new CollectorOptions
        {
            PauseThreshold = _config.Gc.PauseThreshold,
            DeletionThreshold = _config.Gc.DeletionThreshold,
            MutationThreshold = _config.Gc.MutationThreshold,
            ScheduleDelay = _config.Gc.ScheduleDelay,
            StartupDelay = _config.Gc.StartupDelay,
        },
    };

    private TaskManagerOptions TaskOptions(MetadataStore metadata, MountDriver activator)
    {
        TaskDeadlines usual = new();
        return new TaskManagerOptions(_config.Root, _config.State, _config.Grpc.Address, _config.TtrpcAddress)
        {
            Runtimes = _config.ShimBinaries,
            RequireContainer = (ns, id, token) => metadata.In(ns).Containers.GetAsync(id, token),
            ActivationsFor = (ns, mounts) =>
                mounts is null || activator.Handles(mounts, temporary: false) ? metadata.In(ns).Mounts : null,
            DefaultExecutor = _config.DefaultExecutor,
            ShimEnvironment = _config.ShimEnvironment,
            Debug = _config.LogLevel <= LogLevel.Debug,
            Deadlines = usual with
            {
                ShimLoad = Timeout("shim.load", usual.ShimLoad),
                ShimCleanup = Timeout("shim.cleanup", usual.ShimCleanup),
                ShimShutdown = Timeout("shim.shutdown", usual.ShimShutdown),
                TaskState = Timeout("task.state", usual.TaskState),
                ShimStats = Timeout("metrics.shimstats", usual.ShimStats),
            },
        };
    }

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

    private TimeSpan Timeout(string name, TimeSpan usual) =>
        _config.Timeouts.GetValueOrDefault($"io.containerd.timeout.{name}", usual);

    private void Own(IAsyncDisposable part) => _parts.Push(part);

    private void Own(IDisposable part) => _parts.Push(new Disposal(part));

    private sealed class Disposal(IDisposable part) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            part.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
