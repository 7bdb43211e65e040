using Gantry.Core.Errors;
using Gantry.Core.Maintenance;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Doctor;

/// <summary>
/// Checks the database: SQLite's own check of pages and indexes, rows that other rows need, the shape of chains of
/// snapshots, and the counters.
/// </summary>
internal sealed class DatabaseCheck(DoctorContext context)
{
    private const int MaxProblems = 100;
    private const string Area = "database";

    private static readonly string[] Tables =
        ["namespace", "image", "container", "sandbox", "content", "ingest", "lease", "snapshot", "activation", "reference"];

    /// <summary>Runs the check.</summary>
    /// <returns>Whether the database can be relied on.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        List<string> problems;
        try
        {
            problems = await Task.Run(() => context.Database.Read(ReadProblems), cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.DataLoss)
        {
            problems = [e.Message];
        }

        foreach (string problem in problems)
        {
            await context.FoundAsync(StoreDoctor.Damaged(context.Database.Path, problem), repair: null);
        }

        if (problems.Count > 0)
        {
            return false;
        }

        foreach (string problem in context.Database.Read(ReadBrokenChains))
        {
            await context.FoundAsync(new Finding(FindingSeverity.Error, Area, "snapshot", problem), repair: null);
        }

        await CheckCountersAsync(cancellationToken);
        string rows = context.Database.ReadSnapshot(connection => string.Join(
            ", ",
            Tables.Select(table => $"{Count(connection, table)} {table}")));
        await context.NoteAsync(Area, "", $"rows: {rows}");
        return true;
    }

    private List<string> ReadProblems(Connection connection)
    {
        List<string> problems = [];
        using (Statement check = connection.Use(
            context.Options.Quick ? $"PRAGMA quick_check({MaxProblems})" : $"PRAGMA integrity_check({MaxProblems})"))
        {
            while (check.Read())
            {
                if (check.Text(0) is not "ok" and { } problem)
                {
                    problems.Add(problem);
                }
            }
        }

        using Statement keys = connection.Use("PRAGMA foreign_key_check");
        while (keys.Read() && problems.Count < MaxProblems)
        {
            problems.Add($"a row of table {keys.Text(0)} needs one of table {keys.Text(2)} that is not there");
        }

        return problems;
    }

    private static List<string> ReadBrokenChains(Connection connection)
    {
        using Statement select = connection.Use(
            $"""
            SELECT s.namespace, s.snapshotter, s.name, p.name
            FROM snapshot AS s JOIN snapshot AS p ON p.snapshotter = s.snapshotter AND p.id = s.parent
            WHERE p.kind <> 3 OR p.namespace <> s.namespace OR p.id = s.id
            LIMIT {MaxProblems}
            """);
        List<string> problems = [];
        while (select.Read())
        {
            problems.Add(
                $"{select.Text(0)}/{select.Text(1)}/{select.Text(2)}: its parent {select.Text(3)} is not a committed "
                + "snapshot of the same namespace");
        }

        return problems;
    }

    private async Task CheckCountersAsync(CancellationToken cancellationToken)
    {
        long sequence = 0;
        long id = 0;
        context.Database.ReadSnapshot(connection =>
        {
            foreach (string table in new[] { "image", "content", "ingest", "lease", "snapshot", "reference" })
            {
                sequence = Math.Max(sequence, Number(connection, $"SELECT max(sequence) FROM {table}"));
            }

            sequence = Math.Max(sequence, Number(connection, "SELECT max(id) FROM activation"));
            id = Number(connection, "SELECT max(id) FROM snapshot");
            return true;
        });
        Counters counters = context.Database.Counters;
        if (sequence > counters.Sequence || id > counters.SnapshotId)
        {
            await context.FoundAsync(
                new Finding(
                    FindingSeverity.Error,
                    Area,
                    "counter",
                    $"a record has number {sequence} and a snapshot id {id}, above the counters "
                    + $"{counters.Sequence} and {counters.SnapshotId}",
                    "the counters are raised"),
                async () =>
                {
                    counters.RaiseSequence(sequence);
                    counters.RaiseSnapshotId(id);
                    await context.Database.WriteAsync(static _ => { }, cancellationToken);
                    return null;
                });
        }
    }

    private static long Count(Connection connection, string table) =>
        Number(connection, $"SELECT count(*) FROM {table}");

    private static long Number(Connection connection, string sql)
    {
        using Statement select = connection.Use(sql);
        return select.Read() ? select.Number(0) : 0;
    }
}
