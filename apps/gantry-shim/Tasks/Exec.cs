using Gantry.Api.Runtime.TaskV2;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override Task<Empty> Exec(ExecProcessRequest request, ServerCallContext context)
    {
        Gantry.Core.Namespaces.Identifier.Validate(request.ExecId);
        Find(request.Id).AddExec(request);
        return Task.FromResult(new Empty());
    }
}
