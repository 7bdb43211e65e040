using Gantry.Core;
using Gantry.Core.Filters;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Events;
using Microsoft.Extensions.Logging;

namespace Gantry.Runtime.Tasks;

/// <summary>The tasks of this daemon: each made of a bundle, run by a shim, and outliving the daemon.</summary>
public sealed class TaskManager : IAsyncDisposable
{
    /// <summary>Makes the manager; nothing is touched before <see cref="LoadAsync"/>.</summary>
    public TaskManager(TaskManagerOptions options, EventExchange events, TimeProvider time, ILogger<TaskManager> logger)
        => _ = (options, events, time, logger);

    /// <summary>Adopts what an earlier daemon left. Bundles are known when this returns its task.</summary>
    public Task LoadAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Makes a task; the process id of its first process.</summary>
    public Task<uint> CreateAsync(Namespace ns, TaskCreation creation, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Starts the first process, or an exec; its process id.</summary>
    public Task<uint> StartAsync(Namespace ns, string id, string execId, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>The state of the first process, or of an exec.</summary>
    public Task<ProcessState> GetAsync(Namespace ns, string id, string execId, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>The states of all tasks of a namespace; those that don't answer are left out.</summary>
    public Task<IReadOnlyList<ProcessState>> ListAsync(Namespace ns, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Sends a signal.</summary>
    public Task KillAsync(Namespace ns, string id, string execId, uint signal, bool all, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Adds a process; it is started with <see cref="StartAsync"/>.</summary>
    public Task ExecAsync(Namespace ns, string id, ExecCreation creation, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Tells a terminal its size.</summary>
    public Task ResizePtyAsync(Namespace ns, string id, string execId, uint width, uint height, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Closes the standard input of a process.</summary>
    public Task CloseIoAsync(Namespace ns, string id, string execId, bool stdin, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Freezes a task.</summary>
    public Task PauseAsync(Namespace ns, string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Thaws a task.</summary>
    public Task ResumeAsync(Namespace ns, string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>The processes that live in a task.</summary>
    public Task<IReadOnlyList<TaskProcessInfo>> ListPidsAsync(Namespace ns, string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Changes the resources of a task.</summary>
    public Task UpdateAsync(Namespace ns, string id, TypedBytes? resources, IReadOnlyDictionary<string, string> annotations, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>What the tasks that pass the filter (fields id, namespace, runtime) have used.</summary>
    public Task<IReadOnlyList<TaskMetric>> MetricsAsync(Namespace ns, Filter filter, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Waits until a process has exited; at once when it has already.</summary>
    public Task<ProcessExit> WaitAsync(Namespace ns, string id, string execId, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Removes a task that has stopped: its shim, its bundle, its mounts.</summary>
    public Task<ProcessExit> DeleteAsync(Namespace ns, string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Removes an exec that has stopped.</summary>
    public Task<ProcessExit> DeleteProcessAsync(Namespace ns, string id, string execId, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Not built yet.</summary>
    public Task CheckpointAsync(Namespace ns, string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Lets go of all shims; their tasks live on.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
