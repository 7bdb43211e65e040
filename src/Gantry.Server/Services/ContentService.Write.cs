using Gantry.Api.Events;
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
            throw new GantryException(ErrorKind.InvalidArgument, "first message must have a reference");
        }

        WriteExpectation expectation = new(0, default);
        expectation = Expect(request, expectation);
        await using IContentWriter writer = await scope.Content.OpenWriterAsync(
            request.Ref,
            expectation.Total,
            expectation.Digest,
            token);

        // Step 2: what it says, and what comes after it.
        bool committed = false;
        while (!committed)
        {
            committed = await HandleAsync(request, expectation, writer, scope, responseStream, token);

            // Step 3: nothing may follow a commit.
            if (committed || !await requestStream.MoveNext(token))
            {
                return;
            }

            request = requestStream.Current;
            expectation = Expect(request, expectation);
        }
    }

    private async Task<bool> HandleAsync(
        WriteContentRequest request,
        WriteExpectation expectation,
        IContentWriter writer,
        INamespaceScope scope,
        IServerStreamWriter<WriteContentResponse> output,
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
                await CommitAsync(request, expectation, writer, scope, after.Offset, digest, cancellationToken);
            }
        }
        else
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"unknown write action {(int)request.Action}");
        }

        WriteContentResponse response = new()
        {
            Action = request.Action,
            Offset = after.Offset,
            Total = expectation.Total > 0 ? expectation.Total : after.Total,
            Digest = digest.ToString(),
            StartedAt = Timestamp.FromDateTimeOffset(after.StartedAt),
            UpdatedAt = Timestamp.FromDateTimeOffset(after.UpdatedAt),
        };
        await output.WriteAsync(response, cancellationToken);
        return commit;
    }

    private static async Task AppendAsync(
        WriteContentRequest request,
        long current,
        IContentWriter writer,
        CancellationToken cancellationToken)
    {
        if (request.Offset > 0 && request.Offset != current)
        {
            throw new GantryException(
                ErrorKind.OutOfRange,
                $"write @{request.Offset} must occur at current offset {current}");
        }

        if (request.Offset <= 0 && current > 0)
        {
            // The contract's sharp edge: offset 0 begins anew, in a commit too.
            await writer.RestartAsync(cancellationToken);
        }

        if (!request.Data.IsEmpty)
        {
            await writer.WriteAsync(request.Data.Memory, cancellationToken);
        }
    }

    private async Task CommitAsync(
        WriteContentRequest request,
        WriteExpectation expectation,
        IContentWriter writer,
        INamespaceScope scope,
        long size,
        Digest digest,
        CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> labels = request.Labels.ToRecord();
        await writer.CommitAsync(expectation.Total, expectation.Digest, labels, cancellationToken);
        ContentCreate created = new() { Digest = digest.ToString(), Size = size };
        await events.PublishAsync(scope.Namespace, "/content/create", created);
    }

    private static WriteExpectation Expect(WriteContentRequest request, WriteExpectation before) => new(
        request.Total > 0 ? request.Total : before.Total,
        request.Expected.Length > 0 ? ParseDigest(request.Expected) : before.Digest);

    private sealed record WriteExpectation(long Total, Digest Digest);
}
