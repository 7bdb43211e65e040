using System.Collections.Concurrent;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Storage.Content;
using Gantry.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gantry.Storage.Gc;

/// <summary>
/// Removes blobs that no namespace has any more. Candidates are the digests whose record was removed, kept in the
/// database until they are dealt with, and blobs that were seen without a record.
/// </summary>
internal sealed class BlobSweeper(Database database, BlobAccess blobs, ILogger logger)
{
    private const int BatchSize = 100;

    private readonly ConcurrentQueue<Digest> _unrecorded = new();

    /// <summary>Names a file that may have no record.</summary>
    public void Note(Digest digest) => _unrecorded.Enqueue(digest);

    /// <summary>Names all blobs that have no record: what a crash between blob and record leaves behind.</summary>
    public async Task NoteAllUnrecordedAsync(CancellationToken cancellationToken)
    {
        await foreach (Digest digest in blobs.Store.ListAsync(cancellationToken))
        {
            if (!database.Read(connection => ContentTable.ExistsAnywhere(connection, digest.ToString())))
            {
                Note(digest);
            }
        }
    }

    /// <summary>Unlinks what has no owner.</summary>
    /// <returns>The number of files, and the space that they took.</returns>
    public async Task<(int Count, long Bytes)> RunAsync(CancellationToken cancellationToken)
    {
        HashSet<Digest> candidates = ReadOrphans();
        while (_unrecorded.TryDequeue(out Digest digest))
        {
            candidates.Add(digest);
        }

        int removed = 0;
        long bytes = 0;
        foreach (Digest[] batch in candidates.Chunk(BatchSize))
        {
            foreach (long size in await SweepAsync(batch, cancellationToken))
            {
                removed++;
                bytes += size;
            }
        }

        return (removed, bytes);
    }

    private HashSet<Digest> ReadOrphans() => database.Read(connection =>
    {
        using Statement select = connection.Use("SELECT digest FROM orphan");
        HashSet<Digest> orphans = [];
        while (select.Read())
        {
            if (Digest.TryParse(select.Text(0), out Digest digest))
            {
                orphans.Add(digest);
            }
        }

        return orphans;
    });

    /// <summary>Unlinks those of a batch that have no owner.</summary>
    /// <returns>The sizes of the files that there were.</returns>
    private async Task<List<long>> SweepAsync(Digest[] batch, CancellationToken cancellationToken)
    {
        List<Digest> held = [.. batch.Where(blobs.Pins.TryBeginRemoval)];
        try
        {
            HashSet<Digest> gone = [];
            List<long> sizes = [];
            foreach (Digest digest in held.Where(digest => !HasOwner(digest)))
            {
                if (await TryRemoveAsync(digest, sizes, cancellationToken))
                {
                    gone.Add(digest);
                }
            }

            await database.WriteAsync(writer => Forget(writer, held, gone), cancellationToken);
            return sizes;
        }
        finally
        {
            foreach (Digest digest in held)
            {
                blobs.Pins.EndRemoval(digest);
            }
        }
    }

    private bool HasOwner(Digest digest) =>
        database.Read(connection => ContentTable.ExistsAnywhere(connection, digest.ToString()));

    /// <summary>Removes one, and notes its size if it was there.</summary>
    private async Task<bool> TryRemoveAsync(Digest digest, List<long> sizes, CancellationToken cancellationToken)
    {
        try
        {
            if (await blobs.Store.FindSizeAsync(digest, cancellationToken) is { } size)
            {
                await blobs.Store.RemoveAsync(digest, cancellationToken);
                sizes.Add(size);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or GantryException)
        {
            StorageLog.BlobNotRemoved(logger, digest, e);
            return false;
        }
    }

    /// <summary>Strikes digests off the list: those whose file is gone, and those that have an owner again.</summary>
    private static void Forget(Writer writer, List<Digest> looked, HashSet<Digest> gone)
    {
        foreach (Digest digest in looked)
        {
            string text = digest.ToString();
            if (gone.Contains(digest) || ContentTable.ExistsAnywhere(writer.Connection, text))
            {
                using Statement delete = writer.Use("DELETE FROM orphan WHERE digest = ?");
                delete.Bind(text).Run();
            }
        }
    }
}
