using System.Runtime.CompilerServices;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Content;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Oci.Image;
using Grpc.Core;
using ContentApi = Gantry.Api.Services.Content.Content.ContentClient;

namespace Gantry.Client.Content;

/// <summary>The content store of a daemon.</summary>
internal sealed class RemoteContentStore(Connection connection, Metadata headers) : IContentStore
{
    private readonly ContentApi _api = new(connection.Invoker);

    public async Task<ContentInfo> InfoAsync(Digest digest, CancellationToken cancellationToken)
    {
        InfoResponse response = await connection.UnaryAsync(_api.InfoAsync(
            new InfoRequest { Digest = digest.ToString() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async Task<ContentInfo> UpdateAsync(ContentInfo info, FieldMask mask, CancellationToken cancellationToken)
    {
        UpdateResponse response = await connection.UnaryAsync(_api.UpdateAsync(
            new UpdateRequest { Info = info.ToMessage(), UpdateMask = mask.ToMessage() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Info.ToRecord();
    }

    public async IAsyncEnumerable<ContentInfo> ListAsync(
        IReadOnlyList<string> filters,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<ListContentResponse> call = _api.List(
            new ListContentRequest { Filters = { filters } },
            headers,
            cancellationToken: cancellationToken);
        while (await connection.NextAsync(call.ResponseStream, cancellationToken).ConfigureAwait(false))
        {
            foreach (Info info in call.ResponseStream.Current.Info)
            {
                yield return info.ToRecord();
            }
        }
    }

    public async Task DeleteAsync(Digest digest, CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.DeleteAsync(
            new DeleteContentRequest { Digest = digest.ToString() },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);

    public async Task<Stream> OpenReaderAsync(Digest digest, CancellationToken cancellationToken)
    {
        // Most who open a blob read it from the start: both calls go out at once.
        Task<ContentInfo> info = InfoAsync(digest, cancellationToken);
        AsyncServerStreamingCall<ReadContentResponse> call = _api.Read(
            new ReadContentRequest { Digest = digest.ToString() },
            headers,
            cancellationToken: CancellationToken.None);
        try
        {
            long size = (await info.ConfigureAwait(false)).Size;
            return new RemoteContentStream(connection, _api, headers, digest, size, call);
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    public async Task<IContentWriter> OpenWriterAsync(
        string reference,
        long total,
        Digest expected,
        CancellationToken cancellationToken) =>
        await RemoteContentWriter.OpenAsync(connection, _api, headers, reference, total, expected, cancellationToken)
            .ConfigureAwait(false);

    public async Task<IngestStatus> StatusAsync(string reference, CancellationToken cancellationToken)
    {
        StatusResponse response = await connection.UnaryAsync(_api.StatusAsync(
            new StatusRequest { Ref = reference },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return response.Status.ToRecord();
    }

    public async Task<IReadOnlyList<IngestStatus>> ListStatusesAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        ListStatusesResponse response = await connection.UnaryAsync(_api.ListStatusesAsync(
            new ListStatusesRequest { Filters = { filters } },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. response.Statuses.Select(s => s.ToRecord())];
    }

    public async Task AbortAsync(string reference, CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.AbortAsync(
            new AbortRequest { Ref = reference },
            headers,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
}
