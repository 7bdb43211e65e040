using Gantry.Api.Runtime.TaskV2;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override Task<Empty> CloseIO(CloseIORequest request, ServerCallContext context)
    {
        Find(request.Id).Process(request.ExecId).CloseInput();
        return Task.FromResult(new Empty());
    }
}
