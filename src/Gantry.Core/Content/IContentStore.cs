using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Core.Content;

/// <summary>
/// Immutable blobs of one namespace, addressed by digest. An <em>ingest</em> is a blob in the making, known by its
/// <em>ref</em> (any text that is not empty); committing it makes it a blob. One ref has one writer at a time.
/// </summary>
/// <example>
/// To store a manifest: <c>OpenWriterAsync("manifest-sha256:…", size, digest)</c>, write the bytes,
/// <c>CommitAsync(size, digest, labels)</c>. AlreadyExists at either step means that the blob is there.
/// </example>
public interface IContentStore
{
    /// <summary>What is known of a blob.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task<ContentInfo> InfoAsync(Digest digest, CancellationToken cancellationToken);

    /// <summary>Changes labels; paths <c>labels</c> and <c>labels.KEY</c>; an empty mask replaces all labels.</summary>
    /// <exception cref="GantryException">NotFound; InvalidArgument for another path.</exception>
    Task<ContentInfo> UpdateAsync(ContentInfo info, FieldMask mask, CancellationToken cancellationToken);

    /// <summary>All blobs that match any of the filters, by digest.</summary>
    /// <exception cref="GantryException">InvalidArgument: a filter can't be parsed.</exception>
    IAsyncEnumerable<ContentInfo> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken);

    /// <summary>Takes a blob out of the namespace. Its bytes go with the next collection, if nobody else has it.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task DeleteAsync(Digest digest, CancellationToken cancellationToken);

    /// <summary>Opens a blob for reading. The caller disposes the stream, which can seek and has a length.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task<Stream> OpenReaderAsync(Digest digest, CancellationToken cancellationToken);

    /// <summary>Opens an ingest, new or begun before, and locks its ref until the writer is disposed.</summary>
    /// <param name="reference">The ref.</param>
    /// <param name="total">The size it is to have; 0 when not known.</param>
    /// <param name="expected">The digest it is to have; empty when not known.</param>
    /// <param name="cancellationToken">Ends the attempt; nothing has happened then.</param>
    /// <exception cref="GantryException">
    /// Unavailable: the ref is locked (<c>ref R locked for …: unavailable</c>); AlreadyExists: the namespace has the
    /// expected blob, and the ingest is gone; InvalidArgument: no ref.
    /// </exception>
    Task<IContentWriter> OpenWriterAsync(
        string reference,
        long total,
        Digest expected,
        CancellationToken cancellationToken);

    /// <summary>How far an ingest has come.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task<IngestStatus> StatusAsync(string reference, CancellationToken cancellationToken);

    /// <summary>All ingests that match any of the filters, by ref.</summary>
    Task<IReadOnlyList<IngestStatus>> ListStatusesAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken);

    /// <summary>Throws an ingest away, under a writer that it may have: that one is told when it goes on.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task AbortAsync(string reference, CancellationToken cancellationToken);
}
