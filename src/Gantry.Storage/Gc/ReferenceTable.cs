using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Gc;

/// <summary>
/// The table of references. A reference that is new gets the next number of the sequence, so the collector can ask what
/// was added since its mark.
/// </summary>
internal static class ReferenceTable
{
    /// <summary>Adds the references of an object that has none yet.</summary>
    public static void Add(Writer writer, string ns, NodeKind kind, string key, IEnumerable<Reference> references)
    {
        foreach (Reference reference in references)
        {
            Add(writer, ns, kind, key, reference);
        }
    }

    /// <summary>Adds a reference; one that is there stays as it is.</summary>
    public static void Add(Writer writer, string ns, NodeKind kind, string key, Reference reference)
    {
        using Statement insert = writer.Use(
            """
            INSERT INTO reference (sequence, namespace, kind, key, role, other_kind, other_key)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, kind, key, role, other_kind, other_key) DO NOTHING
            """);
        insert.Bind(writer.NextSequence()).Bind(ns).Bind((long)kind).Bind(key)
            .Bind((long)reference.Role).Bind((long)reference.Kind).Bind(reference.Key).Run();
    }

    /// <summary>Makes these the references of an object.</summary>
    public static void Replace(Writer writer, string ns, NodeKind kind, string key, List<Reference> references)
    {
        HashSet<Reference> wanted = [.. references];
        foreach (Reference old in List(writer.Connection, ns, kind, key))
        {
            if (!wanted.Remove(old))
            {
                Remove(writer, ns, kind, key, old);
            }
        }

        Add(writer, ns, kind, key, wanted);
    }

    /// <summary>Removes one reference of an object, if it is there.</summary>
    public static void Remove(Writer writer, string ns, NodeKind kind, string key, Reference reference)
    {
        using Statement delete = writer.Use(
            """
            DELETE FROM reference
            WHERE namespace = ? AND kind = ? AND key = ? AND role = ? AND other_kind = ? AND other_key = ?
            """);
        delete.Bind(ns).Bind((long)kind).Bind(key)
            .Bind((long)reference.Role).Bind((long)reference.Kind).Bind(reference.Key).Run();
    }

    /// <summary>Removes all references of an object.</summary>
    public static void RemoveAll(Writer writer, string ns, NodeKind kind, string key)
    {
        using Statement delete = writer.Use("DELETE FROM reference WHERE namespace = ? AND kind = ? AND key = ?");
        delete.Bind(ns).Bind((long)kind).Bind(key).Run();
    }

    /// <summary>The references of an object.</summary>
    public static List<Reference> List(Connection connection, string ns, NodeKind kind, string key)
    {
        using Statement select = connection.Use(
            """
            SELECT role, other_kind, other_key FROM reference WHERE namespace = ? AND kind = ? AND key = ?
            ORDER BY role, other_kind, other_key
            """);
        return select.Bind(ns).Bind((long)kind).Bind(key).ReadAll(
            row => new Reference((ReferenceRole)row.Number(0), (NodeKind)row.Number(1), row.Text(2)));
    }
}
