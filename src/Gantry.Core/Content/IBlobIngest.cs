using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Core.Content;

/// <summary>
/// The bytes of one ingest, open for writing at their end. Disposing it leaves them to be gone on with. Not to be called
/// by two callers at once.
/// </summary>
public interface IBlobIngest : IAsyncDisposable
{
    /// <summary>How far it has come.</summary>
    BlobIngestState State { get; }

    /// <summary>The digest of the bytes so far.</summary>
    Digest CurrentDigest();

    /// <summary>Adds bytes at the end. When this fails, the ingest is to be opened again.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Opens what has been written so far, and what will be, for reading. The caller disposes it.</summary>
    /// <returns>Null when this store can't.</returns>
    IIngestReader? OpenReader() => null;

    /// <summary>The digest of all bytes, by the algorithm of another one.</summary>
    /// <param name="like">The digest whose algorithm is wanted; empty for the one that was used so far.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask<Digest> DigestAsync(Digest like, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the bytes the blob of a digest. When this returns, the blob outlives a power failure. The ingest can only be
    /// disposed afterwards.
    /// </summary>
    /// <param name="digest">Their digest, as <see cref="DigestAsync"/> told it.</param>
    /// <exception cref="GantryException">NotFound: the ingest is gone.</exception>
    ValueTask PublishAsync(Digest digest);
}
