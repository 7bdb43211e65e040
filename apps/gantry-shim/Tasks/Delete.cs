using Gantry.Api.Events;
using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Linux.Processes;
using Gantry.Shim.Containers;
using Gantry.Shim.Events;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
    {
        Container container = Find(request.Id);
        ContainerProcess process = container.Process(request.ExecId);
        using CancellationTokenSource limit = LimitOf(context);
        await process.DeleteAsync(limit.Token);
        ChildExit exit = await process.Ended;
        environment.Trimmer.Touch();
        uint pid = (uint)process.Pid;
        if (request.ExecId.Length > 0)
        {
            container.RemoveExec(request.ExecId);
        }
        else if (_containers.TryRemove(request.Id, out _))
        {
            container.Dispose();
            environment.LogFifo.Leave(container.Bundle, _containers.Values.Select(other => other.Bundle));
            environment.Publisher.Publish(
                TaskTopics.Delete,
                "containerd.events.TaskDelete",
                new TaskDelete
                {
                    ContainerId = request.Id,
                    Pid = pid,
                    ExitStatus = (uint)exit.Code,
                    ExitedAt = exit.At.ToMessage(),
                });
        }

        return new DeleteResponse { Pid = pid, ExitStatus = (uint)exit.Code, ExitedAt = exit.At.ToMessage() };
    }
}
