using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Linux.Processes;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Supervisor;
using Grpc.Core;
using Task = System.Threading.Tasks.Task;
using TaskClient = Gantry.Api.Runtime.TaskV2.Task.TaskClient;

namespace Gantry.Runtime.Tasks;

/// <content>What is asked of a shim.</content>
public sealed partial class TaskManager
{
    /// <summary>Starts the first process, or an exec.</summary>
    /// <returns>Its process id.</returns>
    public async Task<uint> StartAsync(Namespace ns, string id, string execId, CancellationToken cancellationToken)
    {
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        StartRequest request = new() { Id = id, ExecId = execId };
        Shim shim = task.Shim;
        if (execId.Length > 0)
        {
            return (await shim.CallAsync(
                (c, o) => c.StartAsync(request, o), _options.Deadlines.Change, cancellationToken)).Pid;
        }

        task.Intents.Begin(TaskIntent.Start);
        try
        {
            StartResponse response = await shim.CallAsync(
                (c, o) => c.StartAsync(request, o), _options.Deadlines.Change, cancellationToken);
            task.Pid = response.Pid;
            SetStatus(task, ProcessStatus.Running);
            RemoveRestored(task);
            return response.Pid;
        }
        finally
        {
            task.Intents.End(TaskIntent.Start);
        }
    }

    /// <summary>The state of the first process, or of an exec.</summary>
    public async Task<ProcessState> GetAsync(Namespace ns, string id, string execId, CancellationToken cancellationToken)
    {
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        return await StateAsync(task.Shim, id, execId, _options.Deadlines.TaskState, cancellationToken);
    }

    /// <summary>The states of all tasks of a namespace, by id; those whose shims don't answer in time are left out.</summary>
    public async Task<IReadOnlyList<ProcessState>> ListAsync(Namespace ns, CancellationToken cancellationToken)
    {
        IEnumerable<Task<ProcessState?>> asked = InNamespace(ns).Select(task => TryStateAsync(task, cancellationToken));
        ProcessState?[] states = await Task.WhenAll(asked);
        return [.. states.OfType<ProcessState>()];
    }

    /// <summary>Sends a signal.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The task.</param>
    /// <param name="execId">An exec; empty for the first process.</param>
    /// <param name="signal">The signal's number.</param>
    /// <param name="all">Whether all processes of the task get it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task KillAsync(
        Namespace ns, string id, string execId, uint signal, bool all, CancellationToken cancellationToken)
    {
        KillRequest request = new() { Id = id, ExecId = execId, Signal = signal, All = all };
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        Shim shim = task.Shim;

        // A signal that is not the last one may mean something else when it comes twice, and so is not sent again.
        bool last = execId.Length == 0 && signal == Signals.SIGKILL;
        if (last)
        {
            task.Intents.Begin(TaskIntent.Kill);
        }

        try
        {
            await shim.CallAsync((c, o) => c.KillAsync(request, o), _options.Deadlines.Call, cancellationToken);
        }
        finally
        {
            if (last)
            {
                task.Intents.End(TaskIntent.Kill);
            }
        }
    }

    /// <summary>Adds a process; it is started with <see cref="StartAsync"/>.</summary>
    public async Task ExecAsync(Namespace ns, string id, ExecCreation creation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(creation);
        if (creation.ExecId.Length == 0)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "exec id cannot be empty");
        }

        try
        {
            Identifier.Validate(creation.ExecId);
        }
        catch (GantryException failure)
        {
            throw GantryException.Verbatim(
                ErrorKind.InvalidArgument, $"invalid exec id {creation.ExecId}: {failure.Message}", failure);
        }

        ExecProcessRequest request = new()
        {
            Id = id,
            ExecId = creation.ExecId,
            Terminal = creation.Io.Terminal,
            Stdin = creation.Io.Stdin,
            Stdout = creation.Io.Stdout,
            Stderr = creation.Io.Stderr,
            Spec = creation.Spec.ToMessage(),
        };
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        await task.Shim.CallAsync((c, o) => c.ExecAsync(request, o), _options.Deadlines.Change, cancellationToken);
    }

    /// <summary>Tells a terminal its size.</summary>
    public async Task ResizePtyAsync(
        Namespace ns, string id, string execId, uint width, uint height, CancellationToken cancellationToken)
    {
        ResizePtyRequest request = new() { Id = id, ExecId = execId, Width = width, Height = height };
        await CallAsync(ns, id, (c, o) => c.ResizePtyAsync(request, o), cancellationToken);
    }

    /// <summary>Closes the standard input of a process.</summary>
    public async Task CloseIoAsync(
        Namespace ns, string id, string execId, bool stdin, CancellationToken cancellationToken)
    {
        CloseIORequest request = new() { Id = id, ExecId = execId, Stdin = stdin };
        await CallAsync(ns, id, (c, o) => c.CloseIOAsync(request, o), cancellationToken);
    }

    /// <summary>Freezes a task.</summary>
    public async Task PauseAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        PauseRequest request = new() { Id = id };
        await CallAsync(ns, id, (c, o) => c.PauseAsync(request, o), cancellationToken);
        SetStatus(ns, id, ProcessStatus.Paused);
    }

    /// <summary>Thaws a task.</summary>
    public async Task ResumeAsync(Namespace ns, string id, CancellationToken cancellationToken)
    {
        ResumeRequest request = new() { Id = id };
        await CallAsync(ns, id, (c, o) => c.ResumeAsync(request, o), cancellationToken);
        SetStatus(ns, id, ProcessStatus.Running);
    }

    /// <summary>The processes that live in a task.</summary>
    public async Task<IReadOnlyList<TaskProcessInfo>> ListPidsAsync(
        Namespace ns, string id, CancellationToken cancellationToken)
    {
        PidsRequest request = new() { Id = id };
        PidsResponse response = await CallAsync(ns, id, (c, o) => c.PidsAsync(request, o), cancellationToken);
        return [.. response.Processes.Select(process => new TaskProcessInfo(process.Pid, process.Info.ToRecord()))];
    }

    /// <summary>Changes the resources of a task.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="id">The task.</param>
    /// <param name="resources">The resources, of the OCI runtime's type, passed on byte for byte.</param>
    /// <param name="annotations">Annotations for the runtime.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task UpdateAsync(
        Namespace ns,
        string id,
        TypedBytes? resources,
        IReadOnlyDictionary<string, string> annotations,
        CancellationToken cancellationToken)
    {
        UpdateTaskRequest request = new() { Id = id, Resources = resources.ToMessage() };
        request.Annotations.Add(annotations.ToDictionary(StringComparer.Ordinal));
        await CallAsync(ns, id, (c, o) => c.UpdateAsync(request, o), cancellationToken);
    }

    /// <summary>Waits until a process has exited; returns at once when it has already. This call has no deadline.</summary>
    public async Task<ProcessExit> WaitAsync(Namespace ns, string id, string execId, CancellationToken cancellationToken)
    {
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        WaitRequest request = new() { Id = id, ExecId = execId };
        while (true)
        {
            Shim shim = task.Shim;
            try
            {
                WaitResponse response =
                    await shim.CallAsync((c, o) => c.WaitAsync(request, o), deadline: null, cancellationToken);
                return new ProcessExit(0, response.ExitStatus, response.ExitedAt);
            }
            catch (GantryException failure) when (
                failure.Kind is ErrorKind.Unavailable && execId.Length == 0 && !_stop.IsCancellationRequested)
            {
                // The shim is lost: soon the daemon has either found it again, or cleaned up and knows the exit.
                await task.LeftAsync(shim, cancellationToken);
                if (task.Exit is { } exit)
                {
                    return exit;
                }
            }
        }
    }

    /// <summary>Removes an exec that has stopped.</summary>
    public async Task<ProcessExit> DeleteProcessAsync(
        Namespace ns, string id, string execId, CancellationToken cancellationToken)
    {
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        DeleteRequest request = new() { Id = id, ExecId = execId };
        DeleteResponse response =
            await task.Shim.CallAsync((c, o) => c.DeleteAsync(request, o), _options.Deadlines.Change, cancellationToken);
        return new ProcessExit(response.Pid, response.ExitStatus, response.ExitedAt);
    }

    private async Task<T> CallAsync<T>(
        Namespace ns,
        string id,
        Func<TaskClient, CallOptions, AsyncUnaryCall<T>> call,
        CancellationToken cancellationToken)
    {
        ManagedTask task = await FindAsync(ns, id, cancellationToken);
        return await task.Shim.CallAsync(call, _options.Deadlines.Call, cancellationToken);
    }

    private IEnumerable<ManagedTask> InNamespace(Namespace ns) => _tasks
        .Where(task => task.Key.Namespace == ns
            && task.Value.Phase is TaskPhase.Live or TaskPhase.Loading or TaskPhase.Unreachable)
        .Select(task => task.Value)
        .OrderBy(task => task.Bundle.Id, StringComparer.Ordinal);

    /// <summary>The state of a task; unknown when its shim does not say, null when it is gone.</summary>
    private async Task<ProcessState?> TryStateAsync(ManagedTask task, CancellationToken cancellationToken)
    {
        try
        {
            await task.Loaded.WaitAsync(_options.Deadlines.TaskState, _time, cancellationToken);
            return await StateAsync(
                task.Shim, task.Bundle.Id, "", _options.Deadlines.TaskState, cancellationToken);
        }
        catch (GantryException failure) when (failure.Kind is ErrorKind.NotFound)
        {
            _logger.LeftOut(task.Bundle.Namespace.ToString(), task.Bundle.Id, failure);
            return null;
        }
        catch (Exception failure) when (failure is GantryException or TimeoutException)
        {
            // One stuck task must not hide the others, nor look as if it were not there.
            _logger.LeftOut(task.Bundle.Namespace.ToString(), task.Bundle.Id, failure);
            return task.Phase is TaskPhase.Gone
                ? null
                : new ProcessState(
                    task.Bundle.Id, "", task.Pid, ProcessStatus.Unknown, TaskIo.None, ExitStatus: 0, ExitedAt: null);
        }
    }

    private static async Task<ProcessState> StateAsync(
        Shim shim, string id, string execId, TimeSpan deadline, CancellationToken cancellationToken)
    {
        StateRequest request = new() { Id = id, ExecId = execId };
        StateResponse state = await shim.CallAsync((c, o) => c.StateAsync(request, o), deadline, cancellationToken);
        return new ProcessState(
            id,
            execId,
            state.Pid,
            (ProcessStatus)state.Status,
            new TaskIo(state.Stdin, state.Stdout, state.Stderr, state.Terminal),
            state.ExitStatus,
            state.ExitedAt);
    }
}
