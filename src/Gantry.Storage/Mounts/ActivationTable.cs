using System.Text.Json;
using Gantry.Core.Mounts;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Mounts;

/// <summary>The table of activations.</summary>
internal static class ActivationTable
{
    private const string Columns = "id, namespace, name, mounts, labels";

    /// <summary>Adds an activation that is being made.</summary>
    /// <returns>Its id; null if the name is taken.</returns>
    public static long? TryAdd(
        Writer writer,
        string ns,
        string name,
        IReadOnlyDictionary<string, string> labels,
        DateTimeOffset now)
    {
        long id = writer.NextSequence();
        using Statement insert = writer.Use(
            """
            INSERT INTO activation (id, namespace, name, mounts, labels, created_at, updated_at)
            VALUES (?, ?, ?, NULL, ?, ?, ?) ON CONFLICT (namespace, name) DO NOTHING
            """);
        int rows = insert.Bind(id).Bind(ns).Bind(name).Bind(Labels.Encode(labels)).Bind(now).Bind(now).Run();
        return rows == 1 ? id : null;
    }

    /// <summary>Records what was mounted.</summary>
    public static void Finish(Writer writer, long id, ActivatedMounts mounts, DateTimeOffset now)
    {
        string text = JsonSerializer.Serialize(mounts, ActivationJsonContext.Default.ActivatedMounts);
        using Statement update = writer.Use("UPDATE activation SET mounts = ?, updated_at = ? WHERE id = ?");
        update.Bind(text).Bind(now).Bind(id).Run();
    }

    /// <summary>Replaces the labels.</summary>
    public static void SetLabels(
        Writer writer,
        long id,
        IReadOnlyDictionary<string, string> labels,
        DateTimeOffset now)
    {
        using Statement update = writer.Use("UPDATE activation SET labels = ?, updated_at = ? WHERE id = ?");
        update.Bind(Labels.Encode(labels)).Bind(now).Bind(id).Run();
    }

    /// <summary>Removes an activation.</summary>
    public static void Delete(Writer writer, string ns, string name, long id)
    {
        using Statement delete = writer.Use("DELETE FROM activation WHERE id = ?");
        delete.Bind(id).Run();
        ReferenceTable.RemoveAll(writer, ns, NodeKind.Activation, name);
    }

    /// <summary>One activation.</summary>
    public static ActivationRow? Find(Connection connection, string ns, string name)
    {
        using Statement select = connection.Use(
            $"SELECT {Columns} FROM activation WHERE namespace = ? AND name = ?");
        return select.Bind(ns).Bind(name).Read() ? ReadRow(select) : null;
    }

    /// <summary>The id of an activation that is made.</summary>
    public static long? FindFinished(Connection connection, string ns, string name)
    {
        using Statement select = connection.Use(
            "SELECT id FROM activation WHERE namespace = ? AND name = ? AND mounts IS NOT NULL");
        return select.Bind(ns).Bind(name).Read() ? select.Number(0) : null;
    }

    /// <summary>The activations of a namespace that are made, by name.</summary>
    public static IEnumerable<ActivationRow> List(Connection connection, string ns)
    {
        using Statement select = connection.Use(
            $"SELECT {Columns} FROM activation WHERE namespace = ? AND mounts IS NOT NULL ORDER BY name");
        select.Bind(ns);
        while (select.Read())
        {
            yield return ReadRow(select);
        }
    }

    /// <summary>All activations.</summary>
    public static List<ActivationRow> ListAll(Connection connection)
    {
        using Statement select = connection.Use($"SELECT {Columns} FROM activation ORDER BY id");
        return select.ReadAll(ReadRow);
    }

    private static ActivationRow ReadRow(Statement row) => new(
        row.Number(0),
        row.Text(1),
        row.Text(2),
        row.IsNull(3)
            ? null
            : JsonSerializer.Deserialize(row.Bytes(3), ActivationJsonContext.Default.ActivatedMounts),
        Labels.Decode(row.Bytes(4)));
}
