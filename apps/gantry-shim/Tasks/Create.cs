using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Gantry.Shim.Containers;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<CreateTaskResponse> Create(CreateTaskRequest request, ServerCallContext context)
    {
        if (request.Checkpoint.Length > 0)
        {
            throw new GantryException(ErrorKind.NotImplemented, "restore from a checkpoint");
        }

        if (!Path.IsPathRooted(request.Bundle))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"bundle {request.Bundle}: not an absolute path");
        }

        if (_containers.ContainsKey(request.Id) || !_creating.TryAdd(request.Id, value: true))
        {
            throw new GantryException(ErrorKind.AlreadyExists, $"container {request.Id}");
        }

        try
        {
            Container container = await Container.CreateAsync(request, environment);
            _containers[request.Id] = container;
            return new CreateTaskResponse { Pid = (uint)container.Init.Pid };
        }
        catch (IOException e)
        {
            throw new GantryException(ErrorKind.Unknown, e.Message, e);
        }
        finally
        {
            _creating.TryRemove(request.Id, out _);
        }
    }
}
