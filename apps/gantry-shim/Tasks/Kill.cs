using Gantry.Api.Runtime.TaskV2;
using Gantry.Shim.Containers;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override Task<Empty> Kill(KillRequest request, ServerCallContext context)
    {
        ContainerProcess process = Find(request.Id).Process(request.ExecId);
        int signal = (int)Math.Min(request.Signal, int.MaxValue);
        if (request.All && process is InitProcess init)
        {
            init.KillAll(signal);
        }
        else
        {
            process.Kill(signal);
        }

        return Task.FromResult(new Empty());
    }
}
