using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Core.Content;

/// <summary>
/// What keeps the bytes below a content store, for all namespaces at once: finished blobs by digest, and ingests by a
/// name that is never used twice. It knows nothing of namespaces, labels and leases; those are records of the metadata.
/// </summary>
public interface IBlobStore
{
    /// <summary>The size of a blob; null when it is not there.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<long?> FindSizeAsync(Digest digest, CancellationToken cancellationToken);

    /// <summary>Opens a blob for reading. The caller disposes the stream, which can seek and has a length.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">NotFound.</exception>
    ValueTask<Stream> OpenAsync(Digest digest, CancellationToken cancellationToken);

    /// <summary>All blobs.</summary>
    /// <param name="cancellationToken">Ends the listing.</param>
    IAsyncEnumerable<Digest> ListAsync(CancellationToken cancellationToken);

    /// <summary>Removes a blob; one that is not there is no error.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask RemoveAsync(Digest digest, CancellationToken cancellationToken);

    /// <summary>Opens an ingest for writing.</summary>
    /// <param name="ingest">What is known of it.</param>
    /// <param name="resume">Whether to go on with the bytes that it has; else it is begun anew.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask<IBlobIngest> OpenIngestAsync(BlobIngestInfo ingest, bool resume, CancellationToken cancellationToken);

    /// <summary>How far an ingest without a writer has come; null when it is not there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<BlobIngestState?> FindIngestAsync(string name, CancellationToken cancellationToken);

    /// <summary>Removes an ingest; one that is not there is no error.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask RemoveIngestAsync(string name, CancellationToken cancellationToken);

    /// <summary>Removes all ingests but those that are known.</summary>
    /// <param name="known">Tells their names. It is asked after the ingests that there are have been listed.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    ValueTask RemoveIngestsExceptAsync(Func<IEnumerable<string>> known, CancellationToken cancellationToken);
}
