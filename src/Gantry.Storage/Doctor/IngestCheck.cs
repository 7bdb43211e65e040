using System.Globalization;
using Gantry.Core.Maintenance;
using Gantry.Storage.Content;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Doctor;

/// <summary>Finds ingests whose time has passed, and directories of ingests that nobody knows.</summary>
internal sealed class IngestCheck(DoctorContext context)
{
    private const string Area = "ingests";

    /// <summary>Runs the check.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<string> directories = [.. context.Blobs.Directory?.ListIngests() ?? []];
        List<(string Namespace, string Reference, string Backend, bool Expired)> rows = context.Database.Read(ReadRows);
        foreach ((string ns, string reference, string backend, bool expired) in rows)
        {
            if (expired && !context.Blobs.Locks.IsLocked(ns, reference))
            {
                await context.FoundAsync(
                    new Finding(
                        FindingSeverity.Warning,
                        Area,
                        $"{ns}: {reference}",
                        "its time has passed and nobody writes it",
                        "it is aborted"),
                    () => AbortAsync(ns, reference, backend, cancellationToken));
            }
        }

        List<string> unknown = Unknown(directories);
        if (unknown.Count > 0)
        {
            // A commit removes the record first and the directory after.
            await context.WaitForSecondLookAsync(cancellationToken);
            foreach (string path in Unknown(unknown).Where(Directory.Exists))
            {
                await context.FoundAsync(
                    new Finding(FindingSeverity.Warning, Area, path, "directory without a record", "it is removed"),
                    () =>
                    {
                        Directory.Delete(path, recursive: true);
                        return Task.FromResult<string?>(null);
                    });
            }
        }

        await context.NoteAsync(Area, "", string.Create(CultureInfo.InvariantCulture, $"{rows.Count} ingests"));
    }

    private List<(string Namespace, string Reference, string Backend, bool Expired)> ReadRows(Connection connection)
    {
        long now = StoredTime.ToTicks(context.Time.GetUtcNow());
        using Statement select = connection.Use("SELECT namespace, ref, backend, expires_at FROM ingest");
        List<(string Namespace, string Reference, string Backend, bool Expired)> rows = [];
        while (select.Read())
        {
            bool expired = !select.IsNull(3) && select.Number(3) <= now;
            rows.Add((select.Text(0), select.Text(1), select.Text(2), expired));
        }

        return rows;
    }

    private List<string> Unknown(List<string> directories)
    {
        if (context.Blobs.Directory is not { } blobs)
        {
            return [];
        }

        HashSet<string> known = context.Database.Read(IngestTable.ListBackends)
            .Select(blobs.IngestPath)
            .ToHashSet(StringComparer.Ordinal);
        return [.. directories.Where(path => !known.Contains(path))];
    }

    private async Task<string?> AbortAsync(
        string ns,
        string reference,
        string backend,
        CancellationToken cancellationToken)
    {
        if (!context.Blobs.Locks.TryLock(ns, reference, context.Time.GetUtcNow(), out IngestLock held))
        {
            return "it is being written";
        }

        try
        {
            await context.Database.WriteAsync(
                writer =>
                {
                    IngestTable.Delete(writer, ns, reference);
                },
                cancellationToken);
            await context.Blobs.RemoveIngestAsync(backend);
            return null;
        }
        finally
        {
            context.Blobs.Locks.Unlock(held);
        }
    }
}
