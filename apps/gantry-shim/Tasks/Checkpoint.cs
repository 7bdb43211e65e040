using Gantry.Api.Runtime.Runc;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    private const string CheckpointOptionsType = "containerd.runc.v1.CheckpointOptions";

    public override async Task<Empty> Checkpoint(CheckpointTaskRequest request, ServerCallContext context)
    {
        if (!Path.IsPathRooted(request.Path))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"checkpoint {request.Path}: not an absolute path");
        }

        using CancellationTokenSource limit = LimitOf(context);
        await Find(request.Id).Init.CheckpointAsync(request.Path, OptionsOf(request.Options), limit.Token);
        return new Empty();
    }

    private static CheckpointOptions OptionsOf(Any? any)
    {
        if (any is null || any.TypeUrl.Length == 0)
        {
            return new CheckpointOptions();
        }

        if (!any.TypeUrl.EndsWith(CheckpointOptionsType, StringComparison.Ordinal))
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"checkpoint options of type {any.TypeUrl}, where {CheckpointOptionsType} is known");
        }

        try
        {
            return CheckpointOptions.Parser.ParseFrom(any.Value);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "checkpoint options: malformed", e);
        }
    }
}
