using Gantry.Api.Runtime.TaskV2;
using Gantry.Shim.Containers;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<Empty> Kill(KillRequest request, ServerCallContext context)
    {
        ContainerProcess process = Find(request.Id).Process(request.ExecId);
        int signal = (int)Math.Min(request.Signal, int.MaxValue);
        if (request.All && process is InitProcess init)
        {
            await init.KillAllAsync(signal);
        }
        else
        {
            await process.KillAsync(signal);
        }

        return new Empty();
    }
}
