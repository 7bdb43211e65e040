using Gantry.Api.Runtime.TaskV2;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override Task<Empty> Shutdown(ShutdownRequest request, ServerCallContext context)
    {
        // Others of the group may live on, or the sandbox that the group is in.
        if (_containers.IsEmpty && _creating.IsEmpty && !sandbox.IsAlive)
        {
            shutdown();
        }

        return Task.FromResult(new Empty());
    }
}
