using Gantry.Core.Content;
using Gantry.Core.Errors;
using Microsoft.Extensions.Logging;

namespace Gantry.Storage.Content;

/// <summary>The blobs of all namespaces, and who works on them now.</summary>
/// <param name="store">What keeps them.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class BlobAccess(IBlobStore store, ILogger logger)
{
    /// <summary>What keeps the blobs.</summary>
    public IBlobStore Store => store;

    /// <summary>The directory, when it is one of this machine that keeps them.</summary>
    public ContentDirectory? Directory => store as ContentDirectory;

    /// <summary>Which digests are being committed or removed.</summary>
    public DigestPins Pins { get; } = new();

    /// <summary>Which refs have a writer.</summary>
    public IngestLocks Locks { get; } = new();

    /// <summary>Removes what there is of an ingest whose record is gone; what can't be now, waits for the next start.</summary>
    /// <param name="name">Its name below the metadata.</param>
    public async ValueTask RemoveIngestAsync(string name)
    {
        try
        {
            await store.RemoveIngestAsync(name, CancellationToken.None);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.Unavailable)
        {
            StorageLog.IngestNotRemoved(logger, name, e);
        }
    }
}
