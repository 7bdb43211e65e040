using System.Globalization;
using Gantry.Core.Maintenance;
using Gantry.Core.Snapshots;
using Gantry.Storage.Snapshots;
using Gantry.Storage.Sqlite;
using Reference = Gantry.Storage.Gc.Reference;

namespace Gantry.Storage.Doctor;

/// <summary>Holds the directories of each snapshotter against its records.</summary>
internal sealed class SnapshotCheck(DoctorContext context)
{
    private const string Area = "snapshots";

    /// <summary>Runs the check.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<(string Snapshotter, long Count)> recorded = context.Database.Read(ReadCounts);
        foreach ((string snapshotter, long count) in recorded)
        {
            if (!context.Drivers.ContainsKey(snapshotter))
            {
                await context.NoteAsync(
                    Area,
                    snapshotter,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{count} snapshots, not checked: the snapshotter is not loaded"));
            }
        }

        foreach (ISnapshotDriver driver in context.Drivers.Values)
        {
            await CheckAsync(driver, cancellationToken);
        }
    }

    private async Task CheckAsync(ISnapshotDriver driver, CancellationToken cancellationToken)
    {
        // Directories are made before the record and removed after it: these first, then those, finds what is amiss.
        if (driver.ListIds() is not { } directories)
        {
            await context.NoteAsync(Area, driver.Name, "not checked: it can't tell which directories it has");
            return;
        }

        List<Row> rows = context.Database.Read(connection => ReadRows(connection, driver.Name));
        HashSet<long> known = [.. rows.Select(row => row.Id)];
        List<Row> bare = [.. rows.Where(row => row.NeedsDirectory && !directories.Contains(row.Id))];
        List<long> unknown = [.. directories.Where(id => !known.Contains(id))];
        if (bare.Count + unknown.Count > 0)
        {
            await context.WaitForSecondLookAsync(cancellationToken);
            directories = driver.ListIds()!;
            known = context.Database.Read(connection => SnapshotTable.ListIds(connection, driver.Name));
            bare.RemoveAll(row => directories.Contains(row.Id) || !known.Contains(row.Id));
            unknown.RemoveAll(id => !directories.Contains(id) || known.Contains(id));
        }

        // The uppermost first: a snapshot can only go when nothing lies on it.
        foreach (Row row in bare.OrderByDescending(row => row.Id))
        {
            await context.FoundAsync(
                new Finding(
                    FindingSeverity.Error,
                    Area,
                    $"{row.Namespace}: {driver.Name}/{row.Name}",
                    string.Create(CultureInfo.InvariantCulture, $"record without a directory (id {row.Id})"),
                    "the record is removed, with those of snapshots on top of it, unless a container needs one of them"),
                () => RemoveAsync(driver, row, cancellationToken));
        }

        foreach (long id in unknown)
        {
            await context.FoundAsync(
                new Finding(
                    FindingSeverity.Warning,
                    Area,
                    string.Create(CultureInfo.InvariantCulture, $"{driver.Root}: id {id}"),
                    "directory without a record",
                    "it is removed"),
                () => RemoveUnknownAsync(driver, id, cancellationToken));
        }

        await context.NoteAsync(
            Area,
            driver.Name,
            string.Create(CultureInfo.InvariantCulture, $"{rows.Count} snapshots, {directories.Count} directories"));
    }

    private static List<(string Snapshotter, long Count)> ReadCounts(Connection connection)
    {
        using Statement select = connection.Use("SELECT snapshotter, count(*) FROM snapshot GROUP BY snapshotter");
        return select.ReadAll(row => (row.Text(0), row.Number(1)));
    }

    private static List<Row> ReadRows(Connection connection, string snapshotter)
    {
        using Statement select = connection.Use(
            "SELECT id, namespace, name, kind, parent IS NOT NULL FROM snapshot WHERE snapshotter = ?");

        // A view of a parent may be nothing but the parent's own directory.
        return select.Bind(snapshotter).ReadAll(row => new Row(
            row.Number(0),
            row.Text(1),
            row.Text(2),
            (SnapshotKind)row.Number(3) != SnapshotKind.View || row.Number(4) == 0));
    }

    private async Task<string?> RemoveAsync(ISnapshotDriver driver, Row row, CancellationToken cancellationToken)
    {
        (string? holder, List<Row> doomed) = await context.Database.WriteAsync(
            writer =>
            {
                List<Row> tree = ReadTree(writer.Connection, driver.Name, row);
                string? container = tree.Select(r => FindContainer(writer.Connection, driver.Name, r))
                    .FirstOrDefault(id => id is not null);
                if (container is null)
                {
                    foreach (Row each in Enumerable.Reverse(tree))
                    {
                        SnapshotTable.Delete(writer, each.Namespace, driver.Name, each.Name, each.Id);
                    }
                }

                return (container, tree);
            },
            cancellationToken);
        if (holder is not null)
        {
            return $"container {holder} needs it";
        }

        foreach (Row each in doomed)
        {
            await driver.RemoveAsync(each.Id, cancellationToken);
        }

        return null;
    }

    /// <summary>A snapshot and all on top of it, each after what it lies on.</summary>
    private static List<Row> ReadTree(Connection connection, string snapshotter, Row top)
    {
        List<Row> tree = [top];
        for (int i = 0; i < tree.Count; i++)
        {
            using Statement select = connection.Use(
                "SELECT id, namespace, name FROM snapshot WHERE snapshotter = ? AND parent = ?");
            select.Bind(snapshotter).Bind(tree[i].Id);
            while (select.Read())
            {
                tree.Add(new Row(select.Number(0), select.Text(1), select.Text(2), NeedsDirectory: true));
            }
        }

        return tree;
    }

    private static string? FindContainer(Connection connection, string snapshotter, Row row)
    {
        using Statement select = connection.Use(
            """
            SELECT key FROM reference WHERE namespace = ? AND kind = 3 AND other_kind = 2 AND other_key = ? LIMIT 1
            """);
        return select.Bind(row.Namespace).Bind(Reference.SnapshotKey(snapshotter, row.Name)).Read()
            ? select.Text(0)
            : null;
    }

    private async Task<string?> RemoveUnknownAsync(ISnapshotDriver driver, long id, CancellationToken cancellationToken)
    {
        if (id > context.GreatestOldId)
        {
            return "it is newer than the daemon's start; the next start removes it";
        }

        HashSet<long> known = context.Database.Read(connection => SnapshotTable.ListIds(connection, driver.Name));
        await driver.CleanupAsync(new KnownIds(known, context.GreatestOldId), cancellationToken);
        return null;
    }

    private sealed record Row(long Id, string Namespace, string Name, bool NeedsDirectory);
}
