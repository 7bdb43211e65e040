using Gantry.Api.Events;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Namespaces;
using Gantry.Oci.Image;

namespace Gantry.Server.Publishing;

/// <summary>Blobs whose coming and going is told.</summary>
internal sealed class PublishedContent(IContentStore content, Namespace ns, EventPublisher events) : IContentStore
{
    /// <inheritdoc/>
    public Task<ContentInfo> InfoAsync(Digest digest, CancellationToken cancellationToken) =>
        content.InfoAsync(digest, cancellationToken);

    /// <inheritdoc/>
    public Task<ContentInfo> UpdateAsync(ContentInfo info, FieldMask mask, CancellationToken cancellationToken) =>
        content.UpdateAsync(info, mask, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ContentInfo> ListAsync(
        IReadOnlyList<string> filters, CancellationToken cancellationToken) => content.ListAsync(filters, cancellationToken);

    /// <inheritdoc/>
    public async Task DeleteAsync(Digest digest, CancellationToken cancellationToken)
    {
        await content.DeleteAsync(digest, cancellationToken);
        await events.PublishAsync(ns, "/content/delete", new ContentDelete { Digest = digest.ToString() });
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReaderAsync(Digest digest, CancellationToken cancellationToken) =>
        content.OpenReaderAsync(digest, cancellationToken);

    /// <inheritdoc/>
    public async Task<IContentWriter> OpenWriterAsync(
        string reference, long total, Digest expected, CancellationToken cancellationToken) =>
        new Writer(await content.OpenWriterAsync(reference, total, expected, cancellationToken), ns, events);

    /// <inheritdoc/>
    public Task<IngestStatus> StatusAsync(string reference, CancellationToken cancellationToken) =>
        content.StatusAsync(reference, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<IngestStatus>> ListStatusesAsync(
        IReadOnlyList<string> filters, CancellationToken cancellationToken) =>
        content.ListStatusesAsync(filters, cancellationToken);

    /// <inheritdoc/>
    public Task AbortAsync(string reference, CancellationToken cancellationToken) =>
        content.AbortAsync(reference, cancellationToken);

    private sealed class Writer(IContentWriter writer, Namespace ns, EventPublisher events) : IContentWriter
    {
        public IngestStatus Status => writer.Status;

        public Digest CurrentDigest() => writer.CurrentDigest();

        public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
            writer.WriteAsync(data, cancellationToken);

        public IIngestReader? OpenReader() => writer.OpenReader();

        public Task RestartAsync(CancellationToken cancellationToken) => writer.RestartAsync(cancellationToken);

        public async Task CommitAsync(
            long size,
            Digest expected,
            IReadOnlyDictionary<string, string> labels,
            CancellationToken cancellationToken)
        {
            // Afterwards the writer can't be asked any more.
            ContentCreate created = new()
            {
                Digest = (expected.IsEmpty ? writer.CurrentDigest() : expected).ToString(),
                Size = writer.Status.Offset,
            };
            await writer.CommitAsync(size, expected, labels, cancellationToken);
            await events.PublishAsync(ns, "/content/create", created);
        }

        public ValueTask DisposeAsync() => writer.DisposeAsync();
    }
}
