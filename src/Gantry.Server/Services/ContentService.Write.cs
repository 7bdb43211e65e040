using Gantry.Api.Mapping;
using Gantry.Api.Services.Content;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

internal sealed partial class ContentService
{
    /// <inheritdoc/>
    /// <remarks>
    /// 1. The first message names the ref, and opens it.
    /// 2. Every message is answered with where the ingest stands after it.
    /// 3. A commit ends the call.
    /// </remarks>
    public override async Task Write(
        IAsyncStreamReader<WriteContentRequest> requestStream,
        IServerStreamWriter<WriteContentResponse> responseStream,
        ServerCallContext context)
    {
        CancellationToken token = context.CancellationToken;
        INamespaceScope scope = metadata.In(context);
        if (!await requestStream.MoveNext(token))
        {
            return;
        }

        // Step 1: the ref, and what the blob is to be.
        WriteContentRequest request = requestStream.Current;
        if (request.Ref.Length == 0)
        {
            throw GantryException.Verbatim(ErrorKind.InvalidArgument, "first message must have a reference");
        }

        string reference = request.Ref;
        WriteExpectation expectation = Expect(request, new WriteExpectation(request.Total, default));
        await using IContentWriter writer = await scope.Content.OpenWriterAsync(
            reference,
            Math.Max(expectation.Total, 0),
            expectation.Digest,
            token);

        // Step 2: what it says, and what comes after it.
        bool committed = false;
        bool told = false;
        while (!committed)
        {
            // The total is told from the first message on that asks where the ingest stands.
            told |= request.Action is WriteAction.Stat;
            WriteContentResponse response = await HandleAsync(request, expectation, writer, scope, token);
            response.Total = told ? expectation.Total : 0;
            await responseStream.WriteAsync(response, token);
            committed = request.Action is WriteAction.Commit;

            // Step 3: nothing may follow a commit.
            if (committed || !await requestStream.MoveNext(token))
            {
                return;
            }

            request = requestStream.Current;
            expectation = Expect(request, expectation);
            if (request.Expected.Length > 0)
            {
                await ThrowIfExistsAsync(reference, expectation.Digest, writer, scope, token);
            }
        }
    }

    /// <summary>
    /// A message that names a blob which the namespace has: the ingest is thrown away, and opening it once more, which
    /// does that, also adds the blob to the lease.
    /// </summary>
    private static async Task ThrowIfExistsAsync(
        string reference,
        Digest digest,
        IContentWriter writer,
        INamespaceScope scope,
        CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(scope, digest, cancellationToken))
        {
            return;
        }

        await writer.DisposeAsync();
        try
        {
            await using IContentWriter again =
                await scope.Content.OpenWriterAsync(reference, 0, digest, cancellationToken);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
        {
            throw GantryException.Verbatim(e.Kind, $"blob with expected digest {digest} exists", e);
        }

        throw new GantryException(ErrorKind.Aborted, $"content {digest} was removed while it was looked at");
    }

    private static async Task<bool> ExistsAsync(INamespaceScope scope, Digest digest, CancellationToken cancellationToken)
    {
        try
        {
            await scope.Content.InfoAsync(digest, cancellationToken);
            return true;
        }
        catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
        {
            return false;
        }
    }

    private async Task<WriteContentResponse> HandleAsync(
        WriteContentRequest request,
        WriteExpectation expectation,
        IContentWriter writer,
        INamespaceScope scope,
        CancellationToken cancellationToken)
    {
        bool commit = request.Action is WriteAction.Commit;
        Digest digest;
        IngestStatus after = writer.Status;
        if (request.Action is WriteAction.Stat)
        {
            digest = writer.CurrentDigest();
        }
        else if (commit || request.Action is WriteAction.Write)
        {
            await AppendAsync(request, after.Offset, writer, cancellationToken);
            digest = writer.CurrentDigest();
            after = writer.Status;
            if (commit)
            {
                await CommitAsync(request, expectation, writer, cancellationToken);
            }
        }
        else
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"unknown write action {(int)request.Action}");
        }

        return new WriteContentResponse
        {
            Action = request.Action,
            Offset = after.Offset,
            Digest = digest.ToString(),
            StartedAt = Timestamp.FromDateTimeOffset(after.StartedAt),
            UpdatedAt = Timestamp.FromDateTimeOffset(after.UpdatedAt),
        };
    }

    private static async Task AppendAsync(
        WriteContentRequest request,
        long current,
        IContentWriter writer,
        CancellationToken cancellationToken)
    {
        if (request.Offset > 0 && request.Offset != current)
        {
            throw GantryException.Verbatim(
                ErrorKind.OutOfRange,
                $"write @{request.Offset} must occur at current offset {current}");
        }

        if (request.Offset == 0 && current > 0)
        {
            // The contract's sharp edge: offset 0 begins anew, in a commit too.
            await writer.RestartAsync(cancellationToken);
        }

        if (!request.Data.IsEmpty)
        {
            await writer.WriteAsync(request.Data.Memory, cancellationToken);
        }
    }

    private static Task CommitAsync(
        WriteContentRequest request,
        WriteExpectation expectation,
        IContentWriter writer,
        CancellationToken cancellationToken) => writer.CommitAsync(
            Math.Max(expectation.Total, 0), expectation.Digest, request.Labels.ToRecord(), cancellationToken);

    private static WriteExpectation Expect(WriteContentRequest request, WriteExpectation before) => new(
        request.Total > 0 ? request.Total : before.Total,
        request.Expected.Length > 0 ? ParseDigest(request.Expected) : before.Digest);

    private sealed record WriteExpectation(long Total, Digest Digest);
}
