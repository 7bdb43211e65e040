using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Gantry.Shim.Containers;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<CreateTaskResponse> Create(CreateTaskRequest request, ServerCallContext context)
    {
        if (request.Checkpoint.Length > 0 && !Path.IsPathRooted(request.Checkpoint))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"checkpoint {request.Checkpoint}: not an absolute path");
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
            using CancellationTokenSource limit = LimitOf(context);
            Container container = await Container.CreateAsync(request, environment, limit.Token);
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
