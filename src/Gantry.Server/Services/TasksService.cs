using Gantry.Api.Mapping;
using Gantry.Api.Runtime.Runc;
using Gantry.Api.Services.Tasks;
using Gantry.Api.Types.Task;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Runtime.Shims;
using Gantry.Runtime.Tasks;
using Gantry.Server.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Status = Gantry.Api.Types.Task.Status;

namespace Gantry.Server.Services;

/// <summary>containerd.services.tasks.v1.Tasks.</summary>
internal sealed partial class TasksService(IMetadata metadata, TaskManager tasks, DaemonLifetime lifetime) : Tasks.TasksBase
{
    /// <inheritdoc/>
    public override async Task<CreateTaskResponse> Create(CreateTaskRequest request, ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        ContainerRecord container = await scope.Containers.GetAsync(request.ContainerId, context.CancellationToken);
        TaskCreation of = TaskCreation.Of(container, request.Options.ToRecord());
        TaskCreation creation = of with
        {
            RuntimePath = request.RuntimePath,
            Shim = ShimIn(of.Options),
            Checkpoint = RestoreDirectory(of.Options),
            CheckpointImages = ImagesOf(request.Checkpoint, scope.Content),
            RootFilesystem = request.Rootfs.ToRecords(),
            Io = new TaskIo(request.Stdin, request.Stdout, request.Stderr, request.Terminal),
        };
        uint pid = await tasks.CreateAsync(scope.Namespace, creation, context.CancellationToken);
        return new CreateTaskResponse { ContainerId = container.Id, Pid = pid };
    }

    /// <summary>The shim that a task of a sandbox is to be served by, where the client was told it: <c>ttrpc+unix://PATH</c>.</summary>
    private static BootstrapResult? ShimIn(TypedBytes? options)
    {
        if (!LegacyRuntime.TryRuntimeOptions(options, out Options? known) || known.TaskApiAddress.Length == 0)
        {
            return null;
        }

        int plus = known.TaskApiAddress.IndexOf('+', StringComparison.Ordinal);
        return plus > 0
            ? new BootstrapResult(
                (int)known.TaskApiVersion, known.TaskApiAddress[(plus + 1)..], known.TaskApiAddress[..plus]).Checked()
            : throw new GantryException(
                ErrorKind.InvalidArgument,
                "the scheme of sandbox address should be in the form of <protocol>+<unix|vsock|tcp>, i.e. ttrpc+unix or "
                + "grpc+vsock");
    }

    /// <inheritdoc/>
    public override async Task<StartResponse> Start(StartRequest request, ServerCallContext context) => new()
    {
        Pid = await tasks.StartAsync(
            context.Namespace(),
            request.ContainerId,
            request.ExecId,
            context.CancellationToken),
    };

    /// <inheritdoc/>
    public override async Task<DeleteResponse> Delete(DeleteTaskRequest request, ServerCallContext context)
    {
        ProcessExit exit = await tasks.DeleteAsync(
            context.Namespace(),
            request.ContainerId,
            context.CancellationToken);
        return Deleted("", exit);
    }

    /// <inheritdoc/>
    public override async Task<DeleteResponse> DeleteProcess(DeleteProcessRequest request, ServerCallContext context)
    {
        ProcessExit exit = await tasks.DeleteProcessAsync(
            context.Namespace(),
            request.ContainerId,
            request.ExecId,
            context.CancellationToken);
        return Deleted(request.ExecId, exit);
    }

    /// <inheritdoc/>
    public override async Task<GetResponse> Get(GetRequest request, ServerCallContext context)
    {
        ProcessState state = await tasks.GetAsync(
            context.Namespace(),
            request.ContainerId,
            request.ExecId,
            context.CancellationToken);
        return new GetResponse { Process = Message(state) };
    }

    /// <inheritdoc/>
    public override async Task<ListTasksResponse> List(ListTasksRequest request, ServerCallContext context)
    {
        IReadOnlyList<ProcessState> states =
            await tasks.ListAsync(context.Namespace(), context.CancellationToken);
        ListTasksResponse response = new();
        response.Tasks.AddRange(states.Select(Message));
        return response;
    }

    /// <inheritdoc/>
    public override async Task<Empty> Kill(KillRequest request, ServerCallContext context)
    {
        await tasks.KillAsync(
            context.Namespace(),
            request.ContainerId,
            request.ExecId,
            request.Signal,
            request.All,
            context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<Empty> Exec(ExecProcessRequest request, ServerCallContext context)
    {
        if (request.ExecId.Length == 0)
        {
            throw GantryException.Verbatim(ErrorKind.InvalidArgument, "exec id cannot be empty");
        }

        ExecCreation creation = new(
            request.ExecId,
            Required.Of(request.Spec.ToRecord(), "spec"),
            new TaskIo(request.Stdin, request.Stdout, request.Stderr, request.Terminal));
        await tasks.ExecAsync(context.Namespace(), request.ContainerId, creation, context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<Empty> ResizePty(ResizePtyRequest request, ServerCallContext context)
    {
        await tasks.ResizePtyAsync(
            context.Namespace(),
            request.ContainerId,
            request.ExecId,
            request.Width,
            request.Height,
            context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<Empty> CloseIO(CloseIORequest request, ServerCallContext context)
    {
        await tasks.CloseIoAsync(
            context.Namespace(),
            request.ContainerId,
            request.ExecId,
            request.Stdin,
            context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<Empty> Pause(PauseTaskRequest request, ServerCallContext context)
    {
        await tasks.PauseAsync(context.Namespace(), request.ContainerId, context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<Empty> Resume(ResumeTaskRequest request, ServerCallContext context)
    {
        await tasks.ResumeAsync(context.Namespace(), request.ContainerId, context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<ListPidsResponse> ListPids(ListPidsRequest request, ServerCallContext context)
    {
        IReadOnlyList<TaskProcessInfo> processes = await tasks.ListPidsAsync(
            context.Namespace(),
            request.ContainerId,
            context.CancellationToken);
        ListPidsResponse response = new();
        response.Processes.AddRange(processes.Select(process => new ProcessInfo
        {
            Pid = process.Pid,
            Info = process.Info.ToMessage(),
        }));
        return response;
    }

    /// <inheritdoc/>
    public override async Task<Empty> Update(UpdateTaskRequest request, ServerCallContext context)
    {
        await tasks.UpdateAsync(
            context.Namespace(),
            request.ContainerId,
            request.Resources.ToRecord(),
            request.Annotations.ToRecord(),
            context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<MetricsResponse> Metrics(MetricsRequest request, ServerCallContext context)
    {
        IReadOnlyList<TaskMetric> metrics = await tasks.MetricsAsync(
            context.Namespace(),
            Filter.Parse(request.Filters),
            context.CancellationToken);
        MetricsResponse response = new();
        response.Metrics.AddRange(metrics.Select(metric => new Api.Types.Metric
        {
            Id = metric.Id,
            Timestamp = Timestamp.FromDateTimeOffset(metric.Timestamp),
            Data = metric.Data.ToMessage(),
        }));
        return response;
    }

    /// <inheritdoc/>
    public override async Task<WaitResponse> Wait(WaitRequest request, ServerCallContext context)
    {
        using CancellationTokenSource ended = lifetime.Link(context.CancellationToken);
        Namespace ns = context.Namespace();
        ProcessExit exit = await tasks.WaitAsync(ns, request.ContainerId, request.ExecId, ended.Token);
        return new WaitResponse { ExitStatus = exit.Status, ExitedAt = exit.ExitedAt };
    }

    private static DeleteResponse Deleted(string id, ProcessExit exit) => new()
    {
        Id = id,
        Pid = exit.Pid,
        ExitStatus = exit.Status,
        ExitedAt = exit.ExitedAt,
    };

    private static Process Message(ProcessState state)
    {
        return new Process
        {
            // As in containerd, the field for the container stays empty.
            Id = state.ExecId.Length > 0 ? state.ExecId : state.ContainerId,
            Pid = state.Pid,
            Status = (Status)state.Status,
            Stdin = state.Io.Stdin,
            Stdout = state.Io.Stdout,
            Stderr = state.Io.Stderr,
            Terminal = state.Io.Terminal,
            ExitStatus = state.ExitStatus,
            ExitedAt = state.ExitedAt,
        };
    }
}
