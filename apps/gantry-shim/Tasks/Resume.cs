using Gantry.Api.Runtime.TaskV2;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<Empty> Resume(ResumeRequest request, ServerCallContext context)
    {
        using CancellationTokenSource limit = LimitOf(context);
        await Find(request.Id).Init.ResumeAsync(limit.Token);
        return new Empty();
    }
}
