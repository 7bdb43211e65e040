using Gantry.Api.Runtime.TaskV2;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override Task<Empty> ResizePty(ResizePtyRequest request, ServerCallContext context)
    {
        Find(request.Id).Process(request.ExecId).Resize(request.Width, request.Height);
        return Task.FromResult(new Empty());
    }
}
