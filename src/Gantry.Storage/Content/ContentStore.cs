using System.Globalization;
using System.Runtime.CompilerServices;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Oci.Image;
using Gantry.Storage.Gc;
using Gantry.Storage.Leases;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Content;

/// <inheritdoc cref="IContentStore"/>
internal sealed class ContentStore(ScopeContext scope) : IContentStore
{
    private const int PageSize = 500;

    /// <inheritdoc/>
    public Task<ContentInfo> InfoAsync(Digest digest, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(scope.Database.Read(connection =>
            ContentTable.Find(connection, scope.Namespace, digest) ?? throw NotFound(digest)));
    }

    /// <inheritdoc/>
    public Task<ContentInfo> UpdateAsync(ContentInfo info, FieldMask mask, CancellationToken cancellationToken)
    {
        DateTimeOffset now = scope.Time.GetUtcNow();
        return scope.Database.WriteAsync(
            writer =>
            {
                ContentInfo old = ContentTable.Find(writer.Connection, scope.Namespace, info.Digest)
                    ?? throw NotFound(info.Digest);
                IReadOnlyDictionary<string, string> labels = mask.IsEmpty ? info.Labels : old.Labels;
                foreach (string path in mask.Paths)
                {
                    labels = Labels.Apply("labels", path, labels, info.Labels)
                        ?? throw new GantryException(
                            ErrorKind.InvalidArgument,
                            $"cannot update \"{path}\" field on content info \"{info.Digest}\"");
                }

                ContentInfo changed = old with { Labels = Labels.Check(labels, "info.Labels"), UpdatedAt = now };
                using (Statement update = writer.Use(
                    "UPDATE content SET labels = ?, updated_at = ? WHERE namespace = ? AND digest = ?"))
                {
                    update.Bind(Labels.Encode(changed.Labels)).Bind(now)
                        .Bind(scope.Namespace).Bind(info.Digest.ToString()).Run();
                }

                ReferenceTable.Replace(
                    writer,
                    scope.Namespace,
                    NodeKind.Content,
                    info.Digest.ToString(),
                    LabelReferences.Read(NodeKind.Content, changed.Labels));
                return changed;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ContentInfo> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken) =>
        ListPagesAsync(Filter.Parse(filters), cancellationToken);

    /// <inheritdoc/>
    public async Task DeleteAsync(Digest digest, CancellationToken cancellationToken)
    {
        await scope.Database.WriteAsync(
            writer =>
            {
                if (!ContentTable.Delete(writer, scope.Namespace, digest.ToString()))
                {
                    throw NotFound(digest);
                }

                LeaseTable.Detach(writer, scope.Namespace, scope.Lease, NodeKind.Content, digest.ToString());
            },
            cancellationToken);
        scope.Collector.NoteDeletion();
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenReaderAsync(Digest digest, CancellationToken cancellationToken)
    {
        await InfoAsync(digest, cancellationToken);
        return await scope.Blobs.Store.OpenAsync(digest, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IContentWriter> OpenWriterAsync(
        string reference,
        long total,
        Digest expected,
        CancellationToken cancellationToken)
    {
        Names.Check(reference, "ref");
        if (total < 0)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "total must not be negative");
        }

        DateTimeOffset now = scope.Time.GetUtcNow();
        if (!scope.Blobs.Locks.TryLock(scope.Namespace, reference, now, out IngestLock held))
        {
            await ThrowIfExistsAsync(expected, cancellationToken);
            throw Locked(held, now);
        }

        Digest pinned = default;
        try
        {
            if (!expected.IsEmpty)
            {
                await scope.Blobs.Pins.PinAsync(expected, cancellationToken);
                pinned = expected;
            }

            ContentWriter writer = await OpenLockedAsync(held, total, expected, now, cancellationToken);
            held.Writer = writer;
            if (writer.Status.Expected.IsEmpty && !pinned.IsEmpty)
            {
                scope.Blobs.Pins.Unpin(pinned);
            }

            return writer;
        }
        catch
        {
            if (!pinned.IsEmpty)
            {
                scope.Blobs.Pins.Unpin(pinned);
            }

            scope.Blobs.Locks.Unlock(held);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<IngestStatus> StatusAsync(string reference, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Ingest ingest = scope.Database.Read(connection =>
            IngestTable.Find(connection, scope.Namespace, reference) ?? throw NotFound(reference));
        return await StatusOfAsync(ingest, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<IngestStatus>> ListStatusesAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Filter filter = Filter.Parse(filters);
        List<Ingest> ingests = scope.Database.Read(connection => IngestTable.List(connection, scope.Namespace));
        List<IngestStatus> found = [];
        foreach (Ingest ingest in ingests)
        {
            IngestStatus status = await StatusOfAsync(ingest, cancellationToken);
            if (filter.Matches(new IngestFields(status)))
            {
                found.Add(status);
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public async Task AbortAsync(string reference, CancellationToken cancellationToken)
    {
        Ingest ingest = await scope.Database.WriteAsync(
            writer =>
            {
                Ingest found = IngestTable.Find(writer.Connection, scope.Namespace, reference)
                    ?? throw NotFound(reference);
                IngestTable.Delete(writer, scope.Namespace, reference);
                LeaseTable.Detach(writer, scope.Namespace, scope.Lease, NodeKind.Ingest, reference);
                return found;
            },
            cancellationToken);

        // A writer that has it meanwhile is told when it writes next: nobody waits for one that hangs.
        scope.Blobs.Locks.FindWriter(scope.Namespace, reference)?.Abort(ingest.Backend);
        await scope.Blobs.RemoveIngestAsync(ingest.Backend);
    }

    private static GantryException NotFound(Digest digest) => new(ErrorKind.NotFound, $"content digest {digest}");

    private static GantryException NotFound(string reference) =>
        new(ErrorKind.NotFound, $"reference {reference}");

    private static GantryException Exists(Digest digest) => new(ErrorKind.AlreadyExists, $"content {digest}");

    private static GantryException Locked(IngestLock held, DateTimeOffset now)
    {
        string seconds = (now - held.Since).TotalSeconds.ToString("0.######", CultureInfo.InvariantCulture);
        return new GantryException(
            ErrorKind.Unavailable,
            $"ref {held.Namespace}/{held.Reference} locked for {seconds}s (since {held.Since:yyyy-MM-dd HH:mm:ss.ffffff} +0000 UTC)");
    }

    private async Task<ContentWriter> OpenLockedAsync(
        IngestLock held,
        long total,
        Digest expected,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        long? onDisk = expected.IsEmpty
            ? null
            : await scope.Blobs.Store.FindSizeAsync(expected, cancellationToken);

        // An ingest that a loss of power takes is begun anew by its client, and its blob is recorded with a sync.
        (Ingest? old, Ingest? ingest) = await scope.Database.WriteUnsyncedAsync(
            writer => Begin(writer, held.Reference, total, expected, onDisk, now),
            cancellationToken);
        if (ingest is null)
        {
            await scope.Database.SyncAsync(cancellationToken);
            if (old is not null)
            {
                await scope.Blobs.RemoveIngestAsync(old.Backend);
            }

            throw Exists(expected);
        }

        if (!ingest.Expected.IsEmpty)
        {
            return ContentWriter.Share(scope, ingest, held);
        }

        bool resume = old is not null && CanResume(old, total);
        return await ContentWriter.OpenAsync(scope, ingest, held, expected, resume, cancellationToken);
    }

    /// <summary>Whether an ingest is gone on with by a writer that is told a size; else it is begun anew.</summary>
    private static bool CanResume(Ingest old, long total) => total == 0 || old.Total == 0 || old.Total == total;

    /// <summary>Records that an ingest is begun or gone on with.</summary>
    /// <returns>
    /// The record that there was, and the one that there is now; none now: the namespace has the expected blob.
    /// </returns>
    private (Ingest? Old, Ingest? Now) Begin(
        Writer writer,
        string reference,
        long total,
        Digest expected,
        long? onDisk,
        DateTimeOffset now)
    {
        NamespaceTable.Ensure(writer, scope.Namespace);
        Ingest? old = IngestTable.Find(writer.Connection, scope.Namespace, reference);
        if (!expected.IsEmpty && ContentTable.Find(writer.Connection, scope.Namespace, expected) is not null)
        {
            LeaseTable.Attach(writer, scope.Namespace, scope.Lease, NodeKind.Content, expected.ToString());
            IngestTable.Delete(writer, scope.Namespace, reference);
            return (old, null);
        }

        bool share = onDisk is { } size && (total == 0 || total == size)
            && (scope.ContentSharing == ContentSharing.Shared
                || ContentTable.ExistsShareable(writer.Connection, expected.ToString()));
        Ingest ingest = new(
            scope.Namespace,
            reference,
            old?.Backend ?? $"{scope.Namespace}/{writer.NextSequence()}/{reference}",
            share ? onDisk!.Value : old is null || !CanResume(old, total) ? total : old.Total,
            share ? expected : default,
            old?.StartedAt ?? now);
        IngestTable.Put(writer, ingest, scope.Lease is null ? now + scope.IngestExpiry : null);
        LeaseTable.Attach(writer, scope.Namespace, scope.Lease, NodeKind.Ingest, reference);
        return (old, ingest);
    }

    /// <summary>When the namespace has a blob, adds it to the lease and says so.</summary>
    private async Task ThrowIfExistsAsync(Digest digest, CancellationToken cancellationToken)
    {
        if (digest.IsEmpty || scope.Database.Read(
            connection => ContentTable.Find(connection, scope.Namespace, digest)) is null)
        {
            return;
        }

        await scope.Database.WriteAsync(
            writer => LeaseTable.Attach(
                writer,
                scope.Namespace,
                scope.Lease,
                NodeKind.Content,
                digest.ToString()),
            cancellationToken);
        throw Exists(digest);
    }

    private async ValueTask<IngestStatus> StatusOfAsync(Ingest ingest, CancellationToken cancellationToken)
    {
        if (scope.Blobs.Locks.FindWriter(ingest.Namespace, ingest.Reference) is { } writer)
        {
            return writer.Status;
        }

        BlobIngestState state = !ingest.Expected.IsEmpty
            ? new BlobIngestState(ingest.Total, ingest.StartedAt)
            : await scope.Blobs.Store.FindIngestAsync(ingest.Backend, cancellationToken)
                ?? new BlobIngestState(0, ingest.StartedAt);
        return new IngestStatus(
            ingest.Reference,
            state.Offset,
            ingest.Total,
            ingest.Expected,
            ingest.StartedAt,
            state.UpdatedAt);
    }

    private async IAsyncEnumerable<ContentInfo> ListPagesAsync(
        Filter filter,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string last = "";
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            List<ContentInfo> page = ReadPage(last);
            foreach (ContentInfo info in page)
            {
                if (filter.Matches(new ContentFields(info)))
                {
                    yield return info;
                }
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            last = page[^1].Digest.ToString();
            await Task.Yield();
        }
    }

    private List<ContentInfo> ReadPage(string after) => scope.Database.Read(connection =>
    {
        using Statement select = connection.Use(
            $"""
            SELECT {ContentTable.Columns} FROM content WHERE namespace = ? AND digest > ?
            ORDER BY digest LIMIT {PageSize}
            """);
        return select.Bind(scope.Namespace).Bind(after).ReadAll(ContentTable.ReadRow);
    });
}
