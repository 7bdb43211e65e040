using Gantry.Api.Runtime.TaskV2;
using Gantry.Shim.Containers;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<StartResponse> Start(StartRequest request, ServerCallContext context)
    {
        ContainerProcess process = Find(request.Id).Process(request.ExecId);
        using CancellationTokenSource limit = LimitOf(context);
        await process.StartAsync(limit.Token);
        environment.Trimmer.Touch();
        return new StartResponse { Pid = (uint)process.Pid };
    }
}
