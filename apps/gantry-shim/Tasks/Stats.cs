using Gantry.Api.Mapping;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Gantry.Linux.Cgroups;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override Task<StatsResponse> Stats(StatsRequest request, ServerCallContext context)
    {
        CgroupPaths cgroup = Find(request.Id).Cgroup
            ?? throw new GantryException(ErrorKind.NotFound, "cgroup does not exist");
        return Task.FromResult(new StatsResponse { Stats = cgroup.ReadMetrics().ToMessage() });
    }
}
