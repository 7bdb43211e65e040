using System.Buffers;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Content;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.content.v1.Content.</summary>
internal sealed partial class ContentService(IMetadata metadata) : Content.ContentBase
{
    private const int ReadChunk = 128 * 1024;

    /// <inheritdoc/>
    public override async Task<InfoResponse> Info(InfoRequest request, ServerCallContext context)
    {
        ContentInfo info = await metadata.In(context).Content.InfoAsync(
            ParseDigest(request.Digest),
            context.CancellationToken);
        return new InfoResponse { Info = info.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<UpdateResponse> Update(UpdateRequest request, ServerCallContext context)
    {
        ParseDigest(request.Info?.Digest ?? "");
        ContentInfo info = await metadata.In(context).Content.UpdateAsync(
            request.Info.ToRecord(),
            request.UpdateMask.ToRecord(),
            context.CancellationToken);
        return new UpdateResponse { Info = info.ToMessage() };
    }

    /// <inheritdoc/>
    public override async Task<Empty> Delete(DeleteContentRequest request, ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        Digest digest = Digest.TryParse(request.Digest, out Digest parsed)
            ? parsed
            : throw GantryException.Verbatim(ErrorKind.InvalidArgument, Digest.Problem(request.Digest));
        await scope.Content.DeleteAsync(digest, context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task Read(
        ReadContentRequest request,
        IServerStreamWriter<ReadContentResponse> responseStream,
        ServerCallContext context)
    {
        Digest digest = Digest.TryParse(request.Digest, out Digest parsed)
            ? parsed
            : throw GantryException.Verbatim(
                ErrorKind.InvalidArgument,
                $"{request.Digest}: {Digest.Problem(request.Digest)}");
        await using Stream stream =
            await metadata.In(context).Content.OpenReaderAsync(digest, context.CancellationToken);
        long start = Math.Max(request.Offset, 0);
        if (start > stream.Length)
        {
            throw GantryException.Verbatim(
                ErrorKind.OutOfRange,
                $"read past object length {stream.Length} bytes");
        }

        long left = stream.Length - start;
        if (request.Size > 0)
        {
            left = Math.Min(left, request.Size);
        }

        stream.Seek(start, SeekOrigin.Begin);
        await SendAsync(stream, left, responseStream, context.CancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<StatusResponse> Status(StatusRequest request, ServerCallContext context)
    {
        INamespaceScope scope = metadata.In(context);
        try
        {
            IngestStatus status = await scope.Content.StatusAsync(request.Ref, context.CancellationToken);
            return new StatusResponse { Status = status.ToMessage() };
        }
        catch (GantryException e)
        {
            throw new GantryException(e.Kind, $"could not get status for ref \"{request.Ref}\": {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public override async Task<ListStatusesResponse> ListStatuses(
        ListStatusesRequest request,
        ServerCallContext context)
    {
        IReadOnlyList<IngestStatus> statuses =
            await metadata.In(context).Content.ListStatusesAsync(request.Filters, context.CancellationToken);
        ListStatusesResponse response = new();
        response.Statuses.AddRange(statuses.Select(status => status.ToMessage()));
        return response;
    }

    /// <inheritdoc/>
    public override async Task<Empty> Abort(AbortRequest request, ServerCallContext context)
    {
        await metadata.In(context).Content.AbortAsync(request.Ref, context.CancellationToken);
        return new Empty();
    }

    private static async Task SendAsync(
        Stream stream,
        long left,
        IServerStreamWriter<ReadContentResponse> output,
        CancellationToken cancellationToken)
    {
        // Offsets of the answer begin at 0, wherever the range begins.
        long offset = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(ReadChunk, Math.Max(left, 1)));
        try
        {
            while (left > 0)
            {
                int wanted = (int)Math.Min(Math.Min(buffer.Length, ReadChunk), left);
                int read = await stream.ReadAsync(buffer.AsMemory(0, wanted), cancellationToken);
                if (read == 0)
                {
                    throw new GantryException(ErrorKind.DataLoss, "blob is shorter than its size");
                }

                // The message is on its way when WriteAsync returns, so the buffer can serve again.
                ReadContentResponse chunk = new()
                {
                    Offset = offset,
                    Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read)),
                };
                await output.WriteAsync(chunk, cancellationToken);
                offset += read;
                left -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Digest ParseDigest(string text) =>
        Digest.TryParse(text, out Digest digest)
            ? digest
            : throw GantryException.Verbatim(ErrorKind.InvalidArgument, $"\"{text}\" failed validation");
}
