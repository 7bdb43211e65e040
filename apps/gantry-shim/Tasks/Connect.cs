using Gantry.Api.Runtime.TaskV2;
using Gantry.Shim.Containers;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override Task<ConnectResponse> Connect(ConnectRequest request, ServerCallContext context)
    {
        ConnectResponse response = new() { ShimPid = (uint)Environment.ProcessId };
        if (_containers.TryGetValue(request.Id, out Container? container))
        {
            response.TaskPid = (uint)container.Init.Pid;
        }

        return Task.FromResult(response);
    }
}
