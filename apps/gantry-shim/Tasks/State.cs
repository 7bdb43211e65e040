using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Linux.Processes;
using Gantry.Shim.Containers;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<StateResponse> State(StateRequest request, ServerCallContext context)
    {
        // A daemon that is back asks this first.
        environment.Publisher.Hurry();
        Container container = Find(request.Id);
        ContainerProcess process = container.Process(request.ExecId);
        ChildExit exit = process.Ended.IsCompleted ? await process.Ended : default;
        return new StateResponse
        {
            Id = process.Id,
            Bundle = container.Bundle,
            Pid = (uint)process.Pid,
            Status = process.VisibleStatus,
            Stdin = process.Names.Input,
            Stdout = process.Names.Output,
            Stderr = process.Names.Error,
            Terminal = process.Names.Terminal,
            ExitStatus = (uint)exit.Code,
            ExitedAt = exit.At.ToMessage(),
        };
    }
}
