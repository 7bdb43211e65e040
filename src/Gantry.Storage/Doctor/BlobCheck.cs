using System.Globalization;
using Gantry.Core.Maintenance;
using Gantry.Oci.Image;
using Gantry.Storage.Content;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Doctor;

/// <summary>Holds blobs on disk against their records and, unless it is to be quick, against their digests.</summary>
internal sealed class BlobCheck(DoctorContext context)
{
    private const string Area = "content";
    private const int PageSize = 500;

    private readonly BlobVerifier _verifier = new(context.Blobs.Store, context.Root);
    private long _files;

    /// <summary>Runs the check.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await CheckFilesAsync(cancellationToken);
        await CheckRowsAsync(cancellationToken);
        await context.NoteAsync(
            Area,
            "",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{_files} blobs{(context.Options.Quick ? "" : $", {_verifier.BytesRead} bytes held against their digests")}"));
    }

    private async Task CheckFilesAsync(CancellationToken cancellationToken)
    {
        List<Digest> unrecorded = [];
        await foreach (Digest digest in context.Blobs.Store.ListAsync(cancellationToken))
        {
            _files++;
            if (RecordedSize(digest) is not { } size)
            {
                unrecorded.Add(digest);
            }
            else if (await _verifier.ProblemAsync(digest, size, cancellationToken, context.Options.Quick) is { } problem)
            {
                await context.FoundAsync(
                    new Finding(
                        FindingSeverity.Error,
                        Area,
                        digest.ToString(),
                        problem,
                        $"the file is set aside in {_verifier.Quarantine} and the record removed, "
                        + "so that a pull fetches it again"),
                    () => SetAsideAsync(digest, size, cancellationToken));
            }
        }

        await CheckUnrecordedAsync(unrecorded, cancellationToken);
    }

    /// <summary>A file without a record may be a commit under way; one whose record was removed waits for the collector.</summary>
    private async Task CheckUnrecordedAsync(List<Digest> digests, CancellationToken cancellationToken)
    {
        if (digests.Count > 0)
        {
            await context.WaitForSecondLookAsync(cancellationToken);
        }

        foreach (Digest digest in digests)
        {
            if (!await IsUnrecordedAsync(digest, cancellationToken))
            {
                continue;
            }

            await context.FoundAsync(
                new Finding(
                    FindingSeverity.Warning,
                    Area,
                    digest.ToString(),
                    "file without a record",
                    "the collector removes it"),
                async () =>
                {
                    context.Collector.NoteUnrecorded(digest);
                    await context.Collector.CollectAsync(cancellationToken);
                    return !await ExistsAsync(digest, cancellationToken) || RecordedSize(digest) is not null
                        ? null
                        : "the collector left it, see the daemon's log";
                });
        }
    }

    private async Task<bool> ExistsAsync(Digest digest, CancellationToken cancellationToken) =>
        await context.Blobs.Store.FindSizeAsync(digest, cancellationToken) is not null;

    private async Task<bool> IsUnrecordedAsync(Digest digest, CancellationToken cancellationToken)
    {
        if (!context.Blobs.Pins.TryBeginRemoval(digest))
        {
            return false;
        }

        try
        {
            return RecordedSize(digest) is null && !IsOrphan(digest) && await ExistsAsync(digest, cancellationToken);
        }
        finally
        {
            context.Blobs.Pins.EndRemoval(digest);
        }
    }

    private async Task CheckRowsAsync(CancellationToken cancellationToken)
    {
        string last = "";
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            List<string> page = ReadPage(last);
            foreach (string text in page)
            {
                if (!Digest.TryParse(text, out Digest digest))
                {
                    await context.FoundAsync(
                        new Finding(FindingSeverity.Error, Area, text, "the record is of no digest"), repair: null);
                }
                else if (!await ExistsAsync(digest, cancellationToken) && RecordedSize(digest) is not null)
                {
                    await context.FoundAsync(
                        new Finding(
                            FindingSeverity.Error,
                            Area,
                            text,
                            "record without a file",
                            "the record is removed, so that a pull fetches it again"),
                        () => SetAsideAsync(digest, 0, cancellationToken));
                }
            }

            if (page.Count < PageSize)
            {
                return;
            }

            last = page[^1];
        }
    }

    private List<string> ReadPage(string after) => context.Database.Read(connection =>
    {
        using Statement select = connection.Use(
            $"SELECT DISTINCT digest FROM content WHERE digest > ? ORDER BY digest LIMIT {PageSize}");
        return select.Bind(after).ReadAll(row => row.Text(0));
    });

    /// <summary>The size that records say; null when no namespace has the blob.</summary>
    private long? RecordedSize(Digest digest) => context.Database.Read<long?>(connection =>
    {
        using Statement select = connection.Use("SELECT size FROM content WHERE digest = ? LIMIT 1");
        return select.Bind(digest.ToString()).Read() ? select.Number(0) : null;
    });

    private bool IsOrphan(Digest digest) => context.Database.Read(connection =>
    {
        using Statement select = connection.Use("SELECT 1 FROM orphan WHERE digest = ?");
        return select.Bind(digest.ToString()).Read();
    });

    /// <summary>Removes the records of a blob that is not whole, and then moves away what there is of it.</summary>
    private async Task<string?> SetAsideAsync(Digest digest, long size, CancellationToken cancellationToken)
    {
        if (!context.Blobs.Pins.TryBeginRemoval(digest))
        {
            return "it is being written";
        }

        try
        {
            bool there = await ExistsAsync(digest, cancellationToken);
            if (there && await _verifier.ProblemAsync(digest, size, cancellationToken) is null)
            {
                return null;
            }

            await context.Database.WriteAsync(writer => RemoveRecords(writer, digest.ToString()), cancellationToken);
            if (there)
            {
                await _verifier.SetAsideAsync(digest, cancellationToken);
            }

            return null;
        }
        finally
        {
            context.Blobs.Pins.EndRemoval(digest);
        }
    }

    private static void RemoveRecords(Writer writer, string digest)
    {
        List<string> namespaces = [];
        using (Statement select = writer.Use("SELECT namespace FROM content WHERE digest = ?"))
        {
            select.Bind(digest);
            while (select.Read())
            {
                namespaces.Add(select.Text(0));
            }
        }

        foreach (string ns in namespaces)
        {
            ContentTable.Delete(writer, ns, digest);
        }
    }
}
