using Gantry.Oci.Image;
using Microsoft.Extensions.Logging;

namespace Gantry.Storage;

/// <summary>What the storage says.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(LogLevel.Warning, "failed to remove snapshot directories {Snapshotter}/{Id}, they wait for a clean-up")]
    public static partial void SnapshotNotRemoved(ILogger logger, string snapshotter, long id, Exception error);

    [LoggerMessage(LogLevel.Warning, "snapshot {Snapshotter}/{Id} had lost its directory, it has a new one, with nothing in it")]
    public static partial void SnapshotMadeAnew(ILogger logger, string snapshotter, long id);

    [LoggerMessage(LogLevel.Error, "snapshot {Snapshotter}/{Id} has lost its directory, and no new one could be made")]
    public static partial void SnapshotNotMadeAnew(ILogger logger, string snapshotter, long id, Exception error);

    [LoggerMessage(LogLevel.Warning, "failed to unmount all of activation {Id}, it waits for the next start")]
    public static partial void NotDeactivated(ILogger logger, long id, Exception error);

    [LoggerMessage(LogLevel.Warning, "mounts {Name} are not there any more: deactivated")]
    public static partial void MountsGone(ILogger logger, string @namespace, string name);

    [LoggerMessage(LogLevel.Error, "failed to clean up snapshotter {Snapshotter}")]
    public static partial void CleanupFailed(ILogger logger, string snapshotter, Exception error);

    [LoggerMessage(LogLevel.Error, "garbage collection failed")]
    public static partial void CollectionFailed(ILogger logger, Exception error);

    [LoggerMessage(
        LogLevel.Debug,
        "garbage collected: {Removed} of {Objects} objects and {Blobs} blobs in {Milliseconds} ms")]
    public static partial void Collected(ILogger logger, int removed, int objects, int blobs, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "failed to remove blob {Digest}, it waits for the next collection")]
    public static partial void BlobNotRemoved(ILogger logger, Digest digest, Exception error);

    [LoggerMessage(LogLevel.Warning, "failed to remove ingest {Name}, it waits for the next start")]
    public static partial void IngestNotRemoved(ILogger logger, string name, Exception error);

    [LoggerMessage(LogLevel.Error, "failed to look for blobs and ingests without a record")]
    public static partial void RemainsNotListed(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Error, "events happen that cannot be kept")]
    public static partial void EventsNotKept(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Error, "failed to bring kept events to the disk")]
    public static partial void EventsNotSynced(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Warning, "the file of events {path} is damaged at byte {offset}: what follows in it cannot be read")]
    public static partial void EventsDamaged(ILogger logger, string path, long offset);
}
