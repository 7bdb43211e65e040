using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Archive.Tests;

/// <summary>As much of a content store as a differ needs.</summary>
internal sealed class BlobStore : IContentStore
{
    private readonly Dictionary<Digest, byte[]> _blobs = [];

    /// <summary>Each update: the blob, the labels given, the paths of the mask.</summary>
    public List<(Digest Digest, IReadOnlyDictionary<string, string> Labels, IReadOnlyList<string> Mask)> Updates { get; } = [];

    public Descriptor Add(byte[] data, string mediaType, byte[]? stored = null)
    {
        Digest digest = Digest.OfBytes(data);
        _blobs[digest] = stored ?? data;
        return new Descriptor(mediaType, digest, data.Length);
    }

    public Task<Stream> OpenReaderAsync(Digest digest, CancellationToken cancellationToken) =>
        _blobs.TryGetValue(digest, out byte[]? data)
            ? Task.FromResult<Stream>(new MemoryStream(data))
            : throw new GantryException(ErrorKind.NotFound, $"content {digest}");

    public Task<ContentInfo> UpdateAsync(ContentInfo info, FieldMask mask, CancellationToken cancellationToken)
    {
        Updates.Add((info.Digest, info.Labels, mask.Paths));
        return Task.FromResult(info);
    }

    public Task<ContentInfo> InfoAsync(Digest digest, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<ContentInfo> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task DeleteAsync(Digest digest, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IContentWriter> OpenWriterAsync(
        string reference,
        long total,
        Digest expected,
        CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IngestStatus> StatusAsync(string reference, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<IngestStatus>> ListStatusesAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task AbortAsync(string reference, CancellationToken cancellationToken) => throw new NotSupportedException();
}
