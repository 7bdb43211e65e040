using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Linux.Processes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<WaitResponse> Wait(WaitRequest request, ServerCallContext context)
    {
        ChildExit exit = await Find(request.Id).Process(request.ExecId).Ended.WaitAsync(context.CancellationToken);
        return new WaitResponse { ExitStatus = (uint)exit.Code, ExitedAt = exit.At.ToMessage() };
    }
}
