using System.Collections.Concurrent;
using Gantry.Api.Events;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Events;
using Gantry.Runtime.Shims;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Gantry.Runtime.Tasks;

/// <summary>
/// The tasks of this daemon. A task is a bundle on disk and a shim that runs its processes; it outlives the daemon, and the
/// next one adopts it.
/// </summary>
/// <remarks>
/// A call goes to the shim and back; what the shim says is passed on, errors letter for letter. Making and removing a task,
/// and cleaning up after a shim that died, exclude each other for each task. Of what a shim does the shim itself tells, over
/// the daemon's ttrpc socket; that a task was deleted, and the exit of a task whose shim died, the daemon tells.
/// </remarks>
public sealed partial class TaskManager : IAsyncDisposable
{
    /// <summary>How many programs of shims may run at a time to clean up.</summary>
    private const int CleanupLimit = 8;

    private readonly ConcurrentDictionary<(Namespace Namespace, string Id), ManagedTask> _tasks = [];
    private readonly TaskManagerOptions _options;
    private readonly EventExchange _events;
    private readonly TimeProvider _time;
    private readonly ILogger<TaskManager> _logger;
    private readonly BundleStore _bundles;
    private readonly ShimLocator _shims;
    private readonly SemaphoreSlim _cleanups = new(CleanupLimit, CleanupLimit);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Makes the manager; nothing is touched before <see cref="LoadAsync"/>.</summary>
    /// <param name="options">What it needs to know of its daemon.</param>
    /// <param name="events">Where events go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log, that of the shims included.</param>
    public TaskManager(
        TaskManagerOptions options, EventExchange events, TimeProvider time, ILogger<TaskManager> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(events);
        _options = options;
        _events = events;
        _time = time;
        _logger = logger;
        _bundles = new BundleStore(options.Root, options.State);
        _shims = new ShimLocator(options.Runtimes, options.ProgramDirectory);
        events.ExitSeen = KeepExit;
        events.DeletionSeen = KeepDeletion;
    }

    /// <summary>Whether the shim of a task answers, or may yet; null when there is no such task.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The task.</param>
    public bool? Answers(Namespace ns, string id) =>
        _tasks.TryGetValue((ns, id), out ManagedTask? task) ? task.Phase is not TaskPhase.Unreachable : null;

    /// <summary>The tasks that there are, whatever their state, and those that are just being made.</summary>
    public IReadOnlyCollection<(Namespace Namespace, string Id)> Known => [.. _tasks.Keys];

    /// <summary>Lets go of all shims at once; their tasks live on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _events.ExitSeen = null;
        _events.DeletionSeen = null;
        await Task.WhenAll(_tasks.Values.Select(LetGoAsync));
        _tasks.Clear();
    }

    private static async Task LetGoAsync(ManagedTask task)
    {
        if (task.Connection is { } shim)
        {
            await shim.DisposeAsync();
        }

        await task.Watch;
        if (task.Log is { } log)
        {
            await log.DisposeAsync();
        }
    }

    /// <summary>The program of a task's shim.</summary>
    private ShimProgram ProgramAt(string path, Bundle bundle) => new(path, bundle, _options, _time);

    /// <summary>A task whose shim answers.</summary>
    private async Task<ManagedTask> FindAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        if (!_tasks.TryGetValue((ns, id), out ManagedTask? task) || task.Phase is TaskPhase.Creating)
        {
            if (_options.RequireContainer is { } require)
            {
                await require(ns, id, cancellationToken);
            }

            throw new GantryException(ErrorKind.NotFound, $"task {id} not found");
        }

        if (task.Phase is TaskPhase.Loading)
        {
            await task.Loaded.WaitAsync(cancellationToken);
        }

        return task;
    }

    /// <summary>
    /// Keeps an exit with the task and then lets it be told: from the moment on at which the file has its name it counts as
    /// told, whether this daemon lives on or not. A daemon that dies before has told nobody, and the next one tells it.
    /// </summary>
    private void KeepExit(Namespace ns, TaskExit exit)
    {
        if (_tasks.TryGetValue((ns, exit.ContainerId), out ManagedTask? task) && task.Phase is not TaskPhase.Gone)
        {
            try
            {
                BundleStore.WriteFile(task.Bundle.ExitPath(exit), exit.ToByteArray());
            }
            catch (DirectoryNotFoundException)
            {
                // The bundle has just been removed, and with it what the next daemon could tell.
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // The disk is full, say: it is told all the same, and perhaps once more by the next daemon.
                _logger.CleanupFailed(ns.ToString(), exit.ContainerId, "keeping its exit", failure);
            }
        }

        if (exit.Id == exit.ContainerId)
        {
            if (task is not null)
            {
                task.Status = ProcessStatus.Stopped;
            }

            _logger.ExitTold(ns.ToString(), exit.ContainerId, exit.Pid, exit.ExitStatus);
        }
    }

    /// <summary>Keeps with the task, by another name of its exit, that its deletion counts as told.</summary>
    private void KeepDeletion(Namespace ns, TaskDelete deletion)
    {
        bool isExec = deletion.Id.Length > 0 && deletion.Id != deletion.ContainerId;
        if (isExec || !_tasks.TryGetValue((ns, deletion.ContainerId), out ManagedTask? task) || task.Phase is TaskPhase.Gone)
        {
            return;
        }

        try
        {
            File.Move(task.Bundle.ExitPaths[0], task.Bundle.DeletedPath, overwrite: true);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            // The bundle has been removed, and with it what the next daemon could tell; or its exit could not be kept.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _logger.CleanupFailed(ns.ToString(), deletion.ContainerId, "keeping its deletion", failure);
        }
    }
}
