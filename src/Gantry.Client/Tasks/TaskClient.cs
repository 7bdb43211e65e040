using Gantry.Api.Mapping;
using Gantry.Api.Services.Tasks;
using Gantry.Api.Types.Task;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Client.Tasks;

/// <summary>
/// The running side of the containers of one namespace. A container has one task, known by the container's id; execs in
/// it have ids of their own. Where a method takes an exec id, an empty one means the task.
/// </summary>
public sealed class TaskClient
{
    private readonly Connection _connection;
    private readonly RpcHeaders _headers;
    internal TaskClient(Connection connection, RpcHeaders headers)
    {
        _connection = connection;
        _headers = headers;
    }

    /// <summary>Makes the task of a container; its process waits to be started.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="rootfs">The mounts of its root filesystem.</param>
    /// <param name="streams">Its standard streams.</param>
    /// <param name="options">Options for the runtime; null: those of the container.</param>
    /// <param name="cancellationToken">Ends the call; the task may exist then.</param>
    /// <returns>The process id.</returns>
    /// <exception cref="GantryException">NotFound: no such container; AlreadyExists: it has a task.</exception>
    public async Task<uint> CreateAsync(
        string containerId,
        IReadOnlyList<Mount> rootfs,
        ProcessStreams streams,
        TypedBytes? options = null,
        CancellationToken cancellationToken = default) =>
        await RestoreAsync(containerId, rootfs, streams, checkpoint: null, options, cancellationToken).ConfigureAwait(false);

    /// <summary>Makes the task of a container out of a checkpoint; its processes go on when it is started.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="rootfs">The mounts of its root filesystem.</param>
    /// <param name="streams">Its standard streams.</param>
    /// <param name="checkpoint">The blob that <see cref="CheckpointAsync"/> gave; null for a task that begins.</param>
    /// <param name="options">Options for the runtime; null: those of the container.</param>
    /// <param name="cancellationToken">Ends the call; the task may exist then.</param>
    /// <returns>The process id; 0 when there is no process before the start.</returns>
    /// <exception cref="GantryException">NotFound: no such container or blob; AlreadyExists: it has a task.</exception>
    public async Task<uint> RestoreAsync(
        string containerId,
        IReadOnlyList<Mount> rootfs,
        ProcessStreams streams,
        Descriptor? checkpoint,
        TypedBytes? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(streams);
        CreateTaskResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Create",
            new CreateTaskRequest
            {
                ContainerId = containerId,
                Rootfs = { rootfs.ToMessages() },
                Stdin = streams.Stdin,
                Stdout = streams.Stdout,
                Stderr = streams.Stderr,
                Terminal = streams.Terminal,
                Options = options.ToMessage(),
                Checkpoint = checkpoint?.ToMessage(),
            },
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return response.Pid;
    }

    /// <summary>Writes what the processes of a task are to blobs, from which they can be restored.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="options">How, of a type that its shim knows; null: as usual.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The blobs; none when the options name a directory for the images. A lease should keep them.</returns>
    /// <exception cref="GantryException">NotFound: it has no task; Unknown: criu or the runtime failed.</exception>
    public async Task<IReadOnlyList<Descriptor>> CheckpointAsync(
        string containerId, TypedBytes? options = null, CancellationToken cancellationToken = default)
    {
        CheckpointTaskResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Checkpoint",
            new CheckpointTaskRequest { ContainerId = containerId, Options = options.ToMessage() },
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return [.. response.Descriptors.Select(static descriptor => descriptor.ToRecord())];
    }

    /// <summary>Starts a process that was made.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="execId">The exec, or empty.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The process id.</returns>
    /// <exception cref="GantryException">NotFound.</exception>
    public async Task<uint> StartAsync(
        string containerId,
        string execId = "",
        CancellationToken cancellationToken = default)
    {
        StartResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Start",
            new StartRequest { ContainerId = containerId, ExecId = execId },
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return response.Pid;
    }

    /// <summary>Waits until a process has ended; returns at once if it has.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="execId">The exec, or empty.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public async Task<ProcessExit> WaitAsync(
        string containerId,
        string execId = "",
        CancellationToken cancellationToken = default)
    {
        WaitResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Wait",
            new WaitRequest { ContainerId = containerId, ExecId = execId },
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return new ProcessExit(response.ExitStatus, Time(response.ExitedAt));
    }

    /// <summary>Sends a signal.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="signal">The number of the signal.</param>
    /// <param name="execId">The exec, or empty.</param>
    /// <param name="all">Whether every process of the container gets it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound: no such process, or it has ended.</exception>
    public async Task KillAsync(
        string containerId,
        uint signal,
        string execId = "",
        bool all = false,
        CancellationToken cancellationToken = default) =>
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Kill",
            new KillRequest { ContainerId = containerId, ExecId = execId, Signal = signal, All = all },
            new Empty(),
            _headers,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Makes a further process in a container; it waits to be started.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="execId">Its id, an identifier that no other exec of the container has.</param>
    /// <param name="process">The process, as JSON with containerd's type URL.</param>
    /// <param name="streams">Its standard streams.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound; AlreadyExists; FailedPrecondition: the container does not run.</exception>
    public async Task ExecAsync(
        string containerId,
        string execId,
        TypedBytes process,
        ProcessStreams streams,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(streams);
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Exec",
            new ExecProcessRequest
            {
                ContainerId = containerId,
                ExecId = execId,
                Spec = process.ToMessage(),
                Stdin = streams.Stdin,
                Stdout = streams.Stdout,
                Stderr = streams.Stderr,
                Terminal = streams.Terminal,
            },
            new Empty(),
            _headers,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes a task that has ended.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound; FailedPrecondition or Unknown: it runs.</exception>
    public async Task<ProcessExit> DeleteAsync(string containerId, CancellationToken cancellationToken = default)
    {
        DeleteResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Delete",
            new DeleteTaskRequest { ContainerId = containerId },
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return new ProcessExit(response.ExitStatus, Time(response.ExitedAt));
    }

    /// <summary>Removes an exec that has ended.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="execId">The exec.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public async Task<ProcessExit> DeleteExecAsync(
        string containerId,
        string execId,
        CancellationToken cancellationToken = default)
    {
        DeleteResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/DeleteProcess",
            new DeleteProcessRequest { ContainerId = containerId, ExecId = execId },
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return new ProcessExit(response.ExitStatus, Time(response.ExitedAt));
    }

    /// <summary>The state of a process.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="execId">The exec, or empty.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public async Task<ProcessState> GetAsync(
        string containerId,
        string execId = "",
        CancellationToken cancellationToken = default)
    {
        GetResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Get",
            new GetRequest { ContainerId = containerId, ExecId = execId },
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return ToState(containerId, execId, response.Process);
    }

    /// <summary>All tasks.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<ProcessState>> ListAsync(CancellationToken cancellationToken = default)
    {
        ListTasksResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/List",
            new ListTasksRequest(),
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return [.. response.Tasks.Select(task => ToState(task.Id, "", task))];
    }

    /// <summary>The process ids, on the host, of all processes of a container.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public async Task<IReadOnlyList<uint>> PidsAsync(
        string containerId,
        CancellationToken cancellationToken = default)
    {
        ListPidsResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/ListPids",
            new ListPidsRequest { ContainerId = containerId },
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return [.. response.Processes.Select(p => p.Pid)];
    }

    /// <summary>What containers use.</summary>
    /// <param name="filters">Filters such as <c>id==web</c>; none: all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<ContainerMetrics>> MetricsAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken = default)
    {
        MetricsResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Metrics",
            new MetricsRequest { Filters = { filters } },
            response,
            _headers,
            cancellationToken).ConfigureAwait(false);
        return
        [
            .. response.Metrics.Select(m => new ContainerMetrics(
                m.Id,
                Time(m.Timestamp),
                m.Data.ToRecord() ?? new TypedBytes("", default))),
        ];
    }

    /// <summary>Tells a process the size of its terminal.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="columns">The width in characters.</param>
    /// <param name="rows">The height in characters.</param>
    /// <param name="execId">The exec, or empty.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public async Task ResizeAsync(
        string containerId,
        uint columns,
        uint rows,
        string execId = "",
        CancellationToken cancellationToken = default) =>
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/ResizePty",
            new ResizePtyRequest { ContainerId = containerId, ExecId = execId, Width = columns, Height = rows },
            new Empty(),
            _headers,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Ends the standard input of a process, once it has read what was written.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="execId">The exec, or empty.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public async Task CloseInputAsync(
        string containerId,
        string execId = "",
        CancellationToken cancellationToken = default) =>
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/CloseIO",
            new CloseIORequest { ContainerId = containerId, ExecId = execId, Stdin = true },
            new Empty(),
            _headers,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Freezes all processes of a container.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public async Task PauseAsync(string containerId, CancellationToken cancellationToken = default) =>
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Pause",
            new PauseTaskRequest { ContainerId = containerId },
            new Empty(),
            _headers,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Thaws them.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    public async Task ResumeAsync(string containerId, CancellationToken cancellationToken = default) =>
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Resume",
            new ResumeTaskRequest { ContainerId = containerId },
            new Empty(),
            _headers,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Changes the limits of a running container.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="resources">The limits, as JSON with containerd's type URL.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotFound; or what the OCI runtime says.</exception>
    public async Task UpdateAsync(
        string containerId,
        TypedBytes resources,
        CancellationToken cancellationToken = default) =>
        await _connection.CallAsync(
            "/containerd.services.tasks.v1.Tasks/Update",
            new UpdateTaskRequest { ContainerId = containerId, Resources = resources.ToMessage() },
            new Empty(),
            _headers,
            cancellationToken).ConfigureAwait(false);

    private static ProcessState ToState(string containerId, string execId, Process process) => new(
        containerId,
        execId,
        process.Pid,
        (ProcessStatus)process.Status,
        process.ExitStatus,
        Time(process.ExitedAt))
    {
        Stdin = process.Stdin,
        Stdout = process.Stdout,
        Stderr = process.Stderr,
        Terminal = process.Terminal,
    };

    /// <summary>A process that has not ended has no time, or Go's zero time, which no timestamp means.</summary>
    private static DateTimeOffset? Time(Timestamp? timestamp) =>
        timestamp is null || timestamp.Seconds <= 0 ? null : timestamp.ToRecord();
}
