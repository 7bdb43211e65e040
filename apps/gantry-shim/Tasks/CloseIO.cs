using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override Task<Empty> CloseIO(CloseIORequest request, ServerCallContext context)
    {
        try
        {
            Find(request.Id).Process(request.ExecId).CloseInput();
            return Task.FromResult(new Empty());
        }
        catch (GantryException e) when (request.ExecId.Length > 0 && _containers.ContainsKey(request.Id))
        {
            // Of this call alone containerd's shim gives no class.
            throw GantryException.Verbatim(ErrorKind.Unknown, e.Message, e);
        }
    }
}
