using System.Collections.Immutable;
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

    /// <summary>Ingests that are not blobs yet, by ref.</summary>
    public Dictionary<string, MemoryStream> Ingests { get; } = new(StringComparer.Ordinal);

    /// <summary>Labels of blobs that were committed.</summary>
    public Dictionary<Digest, IReadOnlyDictionary<string, string>> Labels { get; } = [];

    public byte[] this[Digest digest] => _blobs[digest];

    public Task<ContentInfo> InfoAsync(Digest digest, CancellationToken cancellationToken) =>
        Task.FromResult(new ContentInfo(
            digest, _blobs[digest].Length, default, default, Labels.GetValueOrDefault(digest) ?? ImmutableDictionary<string, string>.Empty));

    public IAsyncEnumerable<ContentInfo> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task DeleteAsync(Digest digest, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IContentWriter> OpenWriterAsync(
        string reference,
        long total,
        Digest expected,
        CancellationToken cancellationToken)
    {
        if (!Ingests.TryGetValue(reference, out MemoryStream? data))
        {
            Ingests.Add(reference, data = new MemoryStream());
        }

        return Task.FromResult<IContentWriter>(new Writer(this, reference, data));
    }

    public Task<IngestStatus> StatusAsync(string reference, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<IngestStatus>> ListStatusesAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task AbortAsync(string reference, CancellationToken cancellationToken) =>
        Ingests.Remove(reference)
            ? Task.CompletedTask
            : throw new GantryException(ErrorKind.NotFound, $"ingest {reference}");

    private sealed class Writer(BlobStore store, string reference, MemoryStream data) : IContentWriter
    {
        public IngestStatus Status => new(reference, data.Length, 0, default, default, default);

        public Digest CurrentDigest() => Digest.OfBytes(data.ToArray());

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            data.Write(bytes.Span);
            return default;
        }

        public Task RestartAsync(CancellationToken cancellationToken)
        {
            data.SetLength(0);
            return Task.CompletedTask;
        }

        public Task CommitAsync(
            long size,
            Digest expected,
            IReadOnlyDictionary<string, string> labels,
            CancellationToken cancellationToken)
        {
            store.Ingests.Remove(reference);
            if (!store._blobs.TryAdd(expected, data.ToArray()))
            {
                throw new GantryException(ErrorKind.AlreadyExists, $"content {expected}");
            }

            store.Labels[expected] = labels;
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => default;
    }
}
