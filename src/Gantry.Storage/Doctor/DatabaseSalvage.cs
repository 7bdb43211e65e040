using System.Globalization;
using System.Text.Json;
using Gantry.Core.Maintenance;
using Gantry.Oci.Image;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Gantry.Storage.Doctor;

/// <summary>
/// Copies what can be read of a damaged database into a new one, table by table: from the front, and where that meets
/// damage, from the back. Ingests and mounts are left out: the first are begun again, the others are looked for anew.
/// </summary>
/// <param name="database">The new database.</param>
/// <param name="report">Gets what was done.</param>
internal sealed class DatabaseSalvage(Database database, Func<Finding, Task> report)
{
    private const string Area = "rebuild";
    private const int BatchSize = 500;

    private static readonly string[] Tables =
        ["namespace", "content", "snapshot", "image", "container", "sandbox", "lease", "orphan", "adoption", "reference"];

    /// <summary>Copies.</summary>
    /// <param name="damaged">The damaged database. It is not written: a copy of it is opened.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task RunAsync(string damaged, CancellationToken cancellationToken)
    {
        if (!File.Exists(damaged))
        {
            return;
        }

        string copy = damaged + ".copy";
        try
        {
            Copy(damaged, copy);
            using Connection source = Connection.OpenForBackup(copy);
            foreach (string table in Tables)
            {
                await CopyAsync(source, table, cancellationToken);
            }

            await RaiseCountersAsync(cancellationToken);
        }
        catch (SqliteException e)
        {
            await report(new Finding(FindingSeverity.Warning, Area, damaged, $"nothing can be read of it: {e.Message}"));
        }
        finally
        {
            foreach (string part in new[] { "", "-wal", "-shm" })
            {
                File.Delete(copy + part);
            }
        }
    }

    private static void Copy(string from, string to)
    {
        File.Copy(from, to, overwrite: true);
        if (File.Exists(from + "-wal"))
        {
            File.Copy(from + "-wal", to + "-wal", overwrite: true);
        }
    }

    private async Task CopyAsync(Connection source, string table, CancellationToken cancellationToken)
    {
        (List<Column> columns, bool isWhole, List<object?[]> rows) = (Columns(source, table), true, []);
        if (columns.Count == 0)
        {
            return;
        }

        string key = string.Join(", ", columns.Where(column => column.Key > 0).OrderBy(column => column.Key)
            .Select(column => $"{column.Name} DESC"));
        string select = $"SELECT {string.Join(", ", columns.Select(column => column.Name))} FROM {table}";
        foreach (string order in new[] { "", $" ORDER BY {key}", " ORDER BY rowid DESC" })
        {
            isWhole = TryRead(source, select + order, columns, rows);
            if (isWhole)
            {
                break;
            }
        }

        rows = Distinct(rows, columns);
        rows = table == "snapshot" ? WithParents(rows, columns) : rows;
        int copied = 0;
        foreach (object?[][] batch in rows.Chunk(BatchSize))
        {
            copied += await InsertAsync(table, columns, batch, cancellationToken);
        }

        await report(new Finding(
            copied == rows.Count && isWhole ? FindingSeverity.Info : FindingSeverity.Warning,
            Area,
            table,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{copied} rows are taken over{(isWhole ? "" : "; others can't be read")}")));
    }

    private static List<Column> Columns(Connection source, string table)
    {
        using Statement info = source.Use($"SELECT name, pk FROM pragma_table_info('{table}')");
        return info.ReadAll(row => new Column(row.Text(0), (int)row.Number(1)));
    }

    /// <summary>Reads until the end, or to where the damage is.</summary>
    private static bool TryRead(Connection source, string sql, List<Column> columns, List<object?[]> rows)
    {
        try
        {
            using Statement select = source.Use(sql);
            while (select.Read())
            {
                object?[] row = [.. Enumerable.Range(0, columns.Count).Select(select.Value)];
                if (IsPlausible(row, columns))
                {
                    rows.Add(row);
                }
            }

            return true;
        }
        catch (SqliteException)
        {
            // Another order may come to the rows behind it.
            return false;
        }
    }

    /// <summary>Whether a row can be what was written: damage in the middle of a row is not seen by SQLite.</summary>
    private static bool IsPlausible(object?[] row, List<Column> columns)
    {
        for (int i = 0; i < row.Length; i++)
        {
            bool plausible = columns[i].Name switch
            {
                "labels" or "annotations" => IsLabels(row[i]),
                "digest" => Digest.TryParse(row[i] as string ?? "", out _),
                "namespace" or "name" or "id" or "key" => row[i] is long or string { Length: > 0 },
                _ => true,
            };
            if (!plausible)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLabels(object? value)
    {
        try
        {
            return value is string text && Labels.Decode(System.Text.Encoding.UTF8.GetBytes(text)) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static List<object?[]> Distinct(List<object?[]> rows, List<Column> columns)
    {
        int[] keys = [.. Enumerable.Range(0, columns.Count).Where(i => columns[i].Key > 0)];
        return [.. rows.DistinctBy(row => string.Join('\0', keys.Select(i => row[i])), StringComparer.Ordinal)];
    }

    /// <summary>Snapshots, each after its parent; those whose parent is lost are left out.</summary>
    private static List<object?[]> WithParents(List<object?[]> rows, List<Column> columns)
    {
        int snapshotter = columns.FindIndex(column => column.Name == "snapshotter");
        int id = columns.FindIndex(column => column.Name == "id");
        int parent = columns.FindIndex(column => column.Name == "parent");
        ILookup<(object?, object?), object?[]> children = rows.ToLookup(row => (row[snapshotter], row[parent]));
        List<object?[]> ordered = [.. rows.Where(row => row[parent] is null)];
        for (int i = 0; i < ordered.Count; i++)
        {
            ordered.AddRange(children[(ordered[i][snapshotter], ordered[i][id])]);
        }

        return ordered;
    }

    /// <summary>Inserts rows; when one of them is refused, each by itself.</summary>
    /// <returns>How many went in.</returns>
    private async Task<int> InsertAsync(
        string table,
        List<Column> columns,
        object?[][] rows,
        CancellationToken cancellationToken)
    {
        try
        {
            return await database.WriteAsync(writer => Insert(writer, table, columns, rows), cancellationToken);
        }
        catch (Core.Errors.GantryException) when (rows.Length > 1)
        {
            int copied = 0;
            foreach (object?[] row in rows)
            {
                copied += await InsertAsync(table, columns, [row], cancellationToken);
            }

            return copied;
        }
        catch (Core.Errors.GantryException e)
        {
            await report(new Finding(FindingSeverity.Warning, Area, table, $"a row is not taken over: {e.Message}"));
            return 0;
        }
    }

    private static int Insert(Writer writer, string table, List<Column> columns, object?[][] rows)
    {
        int ns = columns.FindIndex(column => column.Name == "namespace");
        int copied = 0;
        foreach (object?[] row in rows)
        {
            if (ns >= 0 && row[ns] is string name)
            {
                NamespaceTable.Ensure(writer, name);
            }

            using Statement insert = writer.Use(
                $"INSERT OR REPLACE INTO {table} ({string.Join(", ", columns.Select(column => column.Name))}) "
                + $"VALUES ({string.Join(", ", columns.Select(_ => "?"))})");
            foreach (object? value in row)
            {
                insert.Bind(value);
            }

            insert.Run();
            copied++;
        }

        return copied;
    }

    /// <summary>No number of a row that was taken over is given out again.</summary>
    private async Task RaiseCountersAsync(CancellationToken cancellationToken)
    {
        (long sequence, long id) = database.Read(connection => (
            new[] { "image", "content", "lease", "snapshot", "reference" }
                .Max(table => Number(connection, $"SELECT max(sequence) FROM {table}")),
            Number(connection, "SELECT max(id) FROM snapshot")));
        database.Counters.RaiseSequence(sequence);
        database.Counters.RaiseSnapshotId(id);
        await database.WriteAsync(static _ => { }, cancellationToken);
    }

    private static long Number(Connection connection, string sql)
    {
        using Statement select = connection.Use(sql);
        return select.Read() ? select.Number(0) : 0;
    }

    private sealed record Column(string Name, int Key);
}
