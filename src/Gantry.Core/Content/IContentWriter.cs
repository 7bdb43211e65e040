using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Core.Content;

/// <summary>
/// The one writer of an ingest. Disposing it unlocks the ref; what was written stays and can be gone on with. Not to
/// be called by two callers at once.
/// </summary>
public interface IContentWriter : IAsyncDisposable
{
    /// <summary>How far the ingest has come.</summary>
    IngestStatus Status { get; }

    /// <summary>The digest of the bytes written so far.</summary>
    Digest CurrentDigest();

    /// <summary>Adds bytes at the end.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>
    /// Opens what has been written so far, and what will be, for reading; until the writer is restarted, committed or
    /// disposed. The caller disposes it.
    /// </summary>
    /// <returns>Null when this store can't: then the bytes can be read once they are a blob.</returns>
    IIngestReader? OpenReader() => null;

    /// <summary>Throws away all bytes written so far.</summary>
    Task RestartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes the ingest a blob. When this returns, the blob outlives a power failure. The writer can only be disposed
    /// afterwards.
    /// </summary>
    /// <param name="size">The size it must have; 0 when not known.</param>
    /// <param name="expected">The digest it must have; empty when not known.</param>
    /// <param name="labels">Labels of the blob.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">
    /// FailedPrecondition: size or digest differ, the ingest stays; AlreadyExists: the namespace has that blob, the
    /// ingest is gone.
    /// </exception>
    Task CommitAsync(
        long size,
        Digest expected,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken);
}
