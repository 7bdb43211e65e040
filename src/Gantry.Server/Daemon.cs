using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Server.Config;
using Gantry.Server.Debugging;
using Gantry.Server.Hosting;
using Gantry.Server.Logging;
using Gantry.Server.Maintenance;
using Gantry.Server.Services;
using Gantry.Storage.Bolt;
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
        LogFindings(_config);
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
        DaemonSockets sockets = await BindAllAsync(cancellationToken);
        BoltFile? containerd = TakeRoot();
        TemporaryMounts mounts = new(Path.Combine(_config.Root, "tmpmounts"), _loggers.CreateLogger<TemporaryMounts>());

        // Step 3: everything durable.
        DaemonStorage storage = await OpenStorageAsync(containerd, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();

        // Step 4: the runtime. Step 6 begins here, so that bundles are known before the first call, and what was told of them
        // before the first event of a shim; it goes on beside the calls, once they are answered.
        TaskCompletionSource serving = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DaemonRuntime runtime = StartRuntime(storage, serving.Task);
        Own(ShimEvents.Start(sockets.Ttrpc, runtime.Events, traces, _logger));
        Own(BackgroundPart.Start("adoption of shims", _ => runtime.Adoption, _logger));

        // Step 5: the API.
        RuntimeCheck check = new(
            _config.Root,
            _config.State,
            _config.Grpc.Address,
            storage.Metadata,
            runtime.Tasks,
            runtime.Sandboxes,
            mounts,
            _time);
        ApiServices services = MakeServices(storage, runtime, mounts, check);
        await ServeAsync(sockets, storage, runtime, services, cancellationToken);
        serving.SetResult();

        // Step 6: what goes on beside the calls.
        StartUpkeep(storage, runtime, check);
        services.Lifetime.Trimmer.Touch();
        Own(BackgroundPart.Start("memory", services.Lifetime.Trimmer.RunAsync, _logger));
        ServerLog.Serving(_logger, _config.TtrpcAddress);
        ServerLog.Serving(_logger, _config.Grpc.Address);
        ServerLog.Booted(
            _logger,
            _time.GetElapsedTime(started).TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture));
    }

    /// <summary>Logs what whoever wrote a configuration may not know of it.</summary>
    private void LogFindings(DaemonConfig config)
    {
        foreach (string key in config.UnknownKeys)
        {
            ServerLog.UnknownKey(_logger, key);
        }

        foreach (string warning in config.Warnings)
        {
            ServerLog.ConfigWarning(_logger, warning);
        }

        foreach (Deprecation deprecation in config.Deprecations)
        {
            ServerLog.Deprecated(_logger, deprecation.Message, deprecation.Id);
        }
    }

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
