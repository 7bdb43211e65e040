using System.Text.Json;
using Gantry.Api.Runtime.TaskV2;
using Gantry.Core.Errors;
using Gantry.Shim.Containers;
using Gantry.Shim.Executor;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Status = Gantry.Api.Types.Task.Status;

namespace Gantry.Shim.Tasks;

internal sealed partial class TaskService
{
    public override async Task<Empty> Update(UpdateTaskRequest request, ServerCallContext context)
    {
        Container container = Find(request.Id);
        if (request.Resources is null)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "resources are missing");
        }

        if (container.Init.Status is Status.Stopped)
        {
            throw container.Init.Cannot("update", "container");
        }

        Check(request.Resources.Value.Span);
        string file = Path.Combine(container.Bundle, $"update-{Guid.NewGuid():N}.json");
        try
        {
            await File.WriteAllBytesAsync(file, request.Resources.Value.ToByteArray(), context.CancellationToken);
            RuntimeFailure? failed = await container.Runtime.RunAsync(
                ["update", "--resources", file, container.Id], CancellationToken.None);
            return failed is null
                ? new Empty()
                : throw new GantryException(ErrorKind.Unknown, $"OCI runtime update failed: {failed.Reason}");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Check(ReadOnlySpan<byte> resources)
    {
        try
        {
            Utf8JsonReader reader = new(resources);
            while (reader.Read())
            {
                reader.Skip();
            }
        }
        catch (JsonException e)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"resources: not JSON, at byte {e.BytePositionInLine} of line {e.LineNumber}", e);
        }
    }
}
