using Gantry.Core.Errors;

namespace Gantry.Shim.Sandboxes;

/// <summary>
/// The sandbox that this shim is, if the daemon made it one: a group of containers without a process of its own. What holds
/// the group together is the shim, so the shim's process id is the sandbox's.
/// </summary>
internal sealed class PodSandbox(TimeProvider time)
{
    // Guards the fields below it.
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<DateTimeOffset> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _id;
    private DateTimeOffset _createdAt;
    private bool _started;

    /// <summary>Whether it keeps the shim alive, though there may be no container.</summary>
    public bool IsAlive
    {
        get
        {
            lock (_gate)
            {
                return _id is not null && !_stopped.Task.IsCompleted;
            }
        }
    }

    /// <summary>Whether containers can be made in it.</summary>
    public bool IsReady
    {
        get
        {
            lock (_gate)
            {
                return _started && !_stopped.Task.IsCompleted;
            }
        }
    }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt => _createdAt;

    /// <summary>When it was stopped; not done before it was.</summary>
    public Task<DateTimeOffset> Stopped => _stopped.Task;

    /// <summary>What an operator is shown.</summary>
    public string Description
    {
        get
        {
            lock (_gate)
            {
                return _id is null ? "none" : $"{_id} {(_stopped.Task.IsCompleted ? "stopped" : _started ? "ready" : "created")}";
            }
        }
    }

    /// <summary>Makes it.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="GantryException">AlreadyExists: a shim is one sandbox and no other.</exception>
    public void Create(string id)
    {
        lock (_gate)
        {
            if (_id is not null)
            {
                throw new GantryException(ErrorKind.AlreadyExists, $"sandbox {_id}");
            }

            _id = id;
            _createdAt = time.GetUtcNow();
        }
    }

    /// <summary>Opens it for containers.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="GantryException">NotFound. FailedPrecondition: it was stopped.</exception>
    public void Start(string id)
    {
        lock (_gate)
        {
            Check(id);
            if (_stopped.Task.IsCompleted)
            {
                throw new GantryException(ErrorKind.FailedPrecondition, $"sandbox {id} is stopped");
            }

            _started = true;
        }
    }

    /// <summary>Ends it; once is as good as twice.</summary>
    public void Stop() => _stopped.TrySetResult(time.GetUtcNow());

    /// <summary>Makes sure that this is the sandbox that is meant.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public void Check(string id)
    {
        lock (_gate)
        {
            if (_id is null || !string.Equals(_id, id, StringComparison.Ordinal))
            {
                throw new GantryException(ErrorKind.NotFound, $"sandbox {id}");
            }
        }
    }
}
