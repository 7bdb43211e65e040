using Gantry.Api.Mapping;
using Gantry.Api.Runtime.Runc;
using Gantry.Api.Services.Tasks;
using Gantry.Api.Types;
using Gantry.Archive;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Gantry.Runtime.Tasks;
using Google.Protobuf;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <content>
/// Checkpoint and restore. A client that names a directory has the images there and nowhere else; otherwise they are
/// blobs, of which the client makes an index.
/// </content>
internal sealed partial class TasksService
{
    private const string CheckpointOptionsType = "containerd.runc.v1.CheckpointOptions";

    /// <inheritdoc/>
    public override async Task<CheckpointTaskResponse> Checkpoint(
        CheckpointTaskRequest request, ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        CancellationToken token = context.CancellationToken;
        ContainerRecord container = await scope.Containers.GetAsync(request.ContainerId, token);
        TypedBytes? options = LegacyRuntime.Checkpoint(request.Options.ToRecord());
        string images = CheckpointDirectory(container.RuntimeName, options);
        CheckpointTaskResponse response = new();
        if (images.Length > 0)
        {
            await tasks.CheckpointAsync(scope.Namespace, container.Id, images, options, token);
            return response;
        }

        await tasks.CheckpointAsync(
            scope.Namespace,
            container.Id,
            options,
            async directory => response.Descriptors.Add(
                await StoreAsync(scope.Content, CheckpointMediaTypes.Images, directory, token)),
            token);
        response.Descriptors.Add((await WrittenBlob.StoreAsync(
            scope.Content,
            CheckpointMediaTypes.Spec,
            (stream, inner) => stream.WriteAsync(container.Spec.ToMessage().ToByteArray(), inner).AsTask(),
            token)).ToMessage());
        return response;
    }

    private static async Task<ContentDescriptor> StoreAsync(
        IContentStore content, string mediaType, string directory, CancellationToken cancellationToken) =>
        (await WrittenBlob.StoreDirectoryAsync(content, mediaType, directory, cancellationToken)).ToMessage();

    /// <summary>What fills a directory with the images that a task is to be restored from; null when it is not.</summary>
    private static Func<string, CancellationToken, Task>? ImagesOf(ContentDescriptor? checkpoint, IContentStore content)
    {
        if (checkpoint is null)
        {
            return null;
        }

        if (checkpoint.MediaType != CheckpointMediaTypes.Images)
        {
            throw GantryException.Verbatim(
                ErrorKind.Unknown, $"unsupported checkpoint type \"{checkpoint.MediaType}\"");
        }

        Descriptor blob = checkpoint.ToRecord("checkpoint");
        return (directory, token) => WrittenBlob.ExtractAsync(content, blob, directory, token);
    }

    /// <summary>The directory of images that a task's options name; empty when they name none.</summary>
    private static string RestoreDirectory(TypedBytes? options) =>
        LegacyRuntime.TryRuntimeOptions(options, out Options? known) ? known.CriuImagePath : "";

    private static string CheckpointDirectory(string runtime, TypedBytes? options)
    {
        if (options is null || options.TypeUrl.Length == 0)
        {
            return "";
        }

        if (options.TypeUrl.EndsWith(CheckpointOptionsType, StringComparison.Ordinal))
        {
            return Parse(options.Value).ImagePath;
        }

        return runtime.StartsWith("io.containerd.runc.", StringComparison.Ordinal)
            ? throw GantryException.Verbatim(ErrorKind.Unknown, $"invalid task checkpoint option for {runtime}")
            : "";
    }

    private static CheckpointOptions Parse(ReadOnlyMemory<byte> options)
    {
        try
        {
            return CheckpointOptions.Parser.ParseFrom(options.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "checkpoint options: malformed", e);
        }
    }
}
