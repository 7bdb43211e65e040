using Gantry.Api.Runtime.TaskV2;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<Empty> Pause(PauseRequest request, ServerCallContext context)
    {
        using CancellationTokenSource limit = LimitOf(context);
        await Find(request.Id).Init.PauseAsync(limit.Token);
        return new Empty();
    }
}
