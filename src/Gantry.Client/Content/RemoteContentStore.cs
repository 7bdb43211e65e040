using Gantry.Api.Mapping;
using Gantry.Api.Services.Content;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Oci.Image;
using System.Runtime.CompilerServices;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Gantry.Client.Content;

/// <summary>The content store of a daemon.</summary>
internal sealed class RemoteContentStore(Connection connection, RpcHeaders headers) : IContentStore
{
    public async Task<ContentInfo> InfoAsync(Digest digest, CancellationToken cancellationToken)
    {
        InfoResponse response = new();
        await connection.CallAsync(
            "/containerd.services.content.v1.Content/Info",
            new InfoRequest { Digest = digest.ToString() },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async Task<ContentInfo> UpdateAsync(ContentInfo info, FieldMask mask, CancellationToken cancellationToken)
    {
        UpdateResponse response = new();
        await connection.CallAsync(
            "/containerd.services.content.v1.Content/Update",
            new UpdateRequest { Info = info.ToMessage(), UpdateMask = mask.ToMessage() },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async IAsyncEnumerable<ContentInfo> ListAsync(
        IReadOnlyList<string> filters,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using RpcReader reader = connection.Read(
            "/containerd.services.content.v1.Content/List",
            new ListContentRequest { Filters = { filters } },
            headers,
            cancellationToken);
        ListContentResponse batch = new();
        while (await reader.ReadAsync(batch, cancellationToken).ConfigureAwait(false))
        {
            foreach (Info info in batch.Info)
            {
                yield return info.ToRecord();
            }

            batch = new ListContentResponse();
        }
    }

    public async Task DeleteAsync(Digest digest, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.content.v1.Content/Delete",
            new DeleteContentRequest { Digest = digest.ToString() },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);

    public async Task<Stream> OpenReaderAsync(Digest digest, CancellationToken cancellationToken)
    {
        // Most who open a blob read it from the start: both calls go out at once.
        Task<ContentInfo> info = InfoAsync(digest, cancellationToken);
        RpcReader reader = RemoteContentStream.Read(connection, headers, digest, offset: 0);
        try
        {
            long size = (await info.ConfigureAwait(false)).Size;
            return new RemoteContentStream(connection, headers, digest, size, reader);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public async Task<IContentWriter> OpenWriterAsync(
        string reference,
        long total,
        Digest expected,
        CancellationToken cancellationToken) =>
        await RemoteContentWriter.OpenAsync(connection, headers, reference, total, expected, cancellationToken)
            .ConfigureAwait(false);

    public async Task<IngestStatus> StatusAsync(string reference, CancellationToken cancellationToken)
    {
        StatusResponse response = new();
        await connection.CallAsync(
            "/containerd.services.content.v1.Content/Status",
            new StatusRequest { Ref = reference },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return response.Status.ToRecord();
    }

    public async Task<IReadOnlyList<IngestStatus>> ListStatusesAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        ListStatusesResponse response = new();
        await connection.CallAsync(
            "/containerd.services.content.v1.Content/ListStatuses",
            new ListStatusesRequest { Filters = { filters } },
            response,
            headers,
            cancellationToken).ConfigureAwait(false);
        return [.. response.Statuses.Select(s => s.ToRecord())];
    }

    public async Task AbortAsync(string reference, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.content.v1.Content/Abort",
            new AbortRequest { Ref = reference },
            new Empty(),
            headers,
            cancellationToken).ConfigureAwait(false);
}
