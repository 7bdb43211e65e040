using Gantry.Api;
using Gantry.Api.Runtime.Runc;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Api.Types.Task;
using Gantry.Shim.Containers;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    private const string ProcessDetailsType = "containerd.runc.v1.ProcessDetails";

    public override Task<PidsResponse> Pids(PidsRequest request, ServerCallContext context)
    {
        Container container = Find(request.Id);
        PidsResponse response = new();
        foreach (int pid in container.Pids())
        {
            ProcessInfo info = new() { Pid = (uint)pid };
            if (container.Execs.FirstOrDefault(candidate => candidate.Pid == pid) is { } exec)
            {
                info.Info = TypeUrl.PackAny(ProcessDetailsType, new ProcessDetails { ExecId = exec.Id });
            }

            response.Processes.Add(info);
        }

        return Task.FromResult(response);
    }
}
