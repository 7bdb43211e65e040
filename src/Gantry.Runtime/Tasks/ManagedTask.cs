using Gantry.Core.Errors;
using Gantry.Linux.Cgroups;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Supervisor;

namespace Gantry.Runtime.Tasks;

/// <summary>A task as the daemon holds it: a bundle, a shim, and a connection to it.</summary>
internal sealed class ManagedTask(Bundle bundle, TaskPhase phase) : IDisposable
{
    // Guards the fields below it.
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskPhase _phase = phase;
    private Shim? _shim;
    private ProcessExit? _exit;

    public Bundle Bundle => bundle;

    /// <summary>Held while the task is made, removed, or cleaned up after; not while it is used.</summary>
    public SemaphoreSlim Lifecycle { get; } = new(1, 1);

    /// <summary>What the daemon is about to do to it.</summary>
    public TaskIntents Intents { get; } = new(bundle);

    /// <summary>Whether the shim of a sandbox serves it, which lives on when it ends.</summary>
    public bool IsSandboxed { get; set; }

    /// <summary>The name of its runtime; empty when an earlier daemon made it.</summary>
    public string RuntimeName { get; init; } = "";

    /// <summary>The program of its shim; null when it is not known.</summary>
    public ShimProgram? Program { get; set; }

    /// <summary>How its shim is reached.</summary>
    public BootstrapResult? Bootstrap { get; set; }

    /// <summary>The copy of its shim's log.</summary>
    public ShimLog? Log { get; set; }

    /// <summary>The process id of its first process, once it is known.</summary>
    public uint Pid { get; set; }

    /// <summary>What its first process does, as far as this daemon has told it to or was told.</summary>
    public ProcessStatus Status { get; set; }

    /// <summary>Its cgroups, once they were looked for.</summary>
    public CgroupPaths? Cgroup { get; set; }

    /// <summary>The directory of the images that it is restored from when it starts; null for none.</summary>
    public string? RestoreImages { get; set; }

    /// <summary>The loop that waits for its shim to be lost.</summary>
    public Task Watch { get; set; } = Task.CompletedTask;

    /// <summary>How it ended, when its shim has deleted it and what the daemon holds of it is still to be removed.</summary>
    public ProcessExit? Deleted { get; set; }

    /// <summary>Completes when it is known whether its shim lives.</summary>
    public Task Loaded => _loaded.Task;

    public TaskPhase Phase
    {
        get
        {
            lock (_gate)
            {
                return _phase;
            }
        }
    }

    /// <summary>Its connection, whatever its phase.</summary>
    public Shim? Connection
    {
        get
        {
            lock (_gate)
            {
                return _shim;
            }
        }
    }

    /// <summary>How it ended, when it is gone.</summary>
    public ProcessExit? Exit
    {
        get
        {
            lock (_gate)
            {
                return _exit;
            }
        }
    }

    /// <summary>The shim.</summary>
    /// <exception cref="GantryException">NotFound: the task is gone. Unavailable: its shim does not answer.</exception>
    public Shim Shim
    {
        get
        {
            lock (_gate)
            {
                return (_phase, _shim) switch
                {
                    (TaskPhase.Live, { } shim) => shim,
                    (TaskPhase.Unreachable or TaskPhase.Loading, _) => throw new GantryException(
                        ErrorKind.Unavailable, $"task {bundle.Id}: shim does not answer"),
                    _ => throw new GantryException(ErrorKind.NotFound, $"task {bundle.Id} not found"),
                };
            }
        }
    }

    /// <summary>Its shim answers.</summary>
    public void BeLive(Shim shim) => Change(TaskPhase.Live, shim, exit: null);

    /// <summary>It has a connection, and goes on being made.</summary>
    public void Attach(Shim shim)
    {
        lock (_gate)
        {
            _shim = shim;
        }
    }

    /// <summary>Its shim does not answer.</summary>
    public void BeUnreachable() => Change(TaskPhase.Unreachable, shim: null, exit: null);

    /// <summary>It is gone.</summary>
    /// <param name="exit">How it ended, if it ever began.</param>
    public void BeGone(ProcessExit? exit) => Change(TaskPhase.Gone, shim: null, exit);

    /// <summary>Waits until it is no longer served over a connection that is lost.</summary>
    public async Task LeftAsync(Shim lost, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_phase is TaskPhase.Gone || (_phase is TaskPhase.Live && !ReferenceEquals(_shim, lost)))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public void Dispose() => Lifecycle.Dispose();

    private void Change(TaskPhase phase, Shim? shim, ProcessExit? exit)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _phase = phase;
            _shim = shim;
            _exit = exit;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _loaded.TrySetResult();
        changed.TrySetResult();
    }
}
