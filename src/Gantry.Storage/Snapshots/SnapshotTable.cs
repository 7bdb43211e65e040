using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Snapshots;

/// <summary>The table of snapshots.</summary>
internal static class SnapshotTable
{
    /// <summary>The greatest number of snapshots on top of one another.</summary>
    public const int MaxDepth = 4096;

    private const string Select =
        """
        SELECT s.id, s.parent, s.inodes, s.size, s.kind, s.name, p.name, s.created_at, s.updated_at, s.labels
        FROM snapshot AS s LEFT JOIN snapshot AS p ON p.snapshotter = s.snapshotter AND p.id = s.parent
        """;

    /// <summary>One snapshot; null when there is none of that name or key.</summary>
    public static SnapshotRow? Find(Connection connection, string ns, string snapshotter, string name)
    {
        using Statement select = connection.Use(
            $"{Select} WHERE s.namespace = ? AND s.snapshotter = ? AND s.name = ?");
        return select.Bind(ns).Bind(snapshotter).Bind(name).Read() ? ReadRow(select) : null;
    }

    /// <summary>Snapshots by name, from after a name on.</summary>
    public static List<SnapshotRow> ListPage(
        Connection connection,
        string ns,
        string snapshotter,
        string after,
        int count)
    {
        using Statement select = SelectPart(connection, ns, snapshotter, after, count);
        return select.ReadAll(ReadRow);
    }

    /// <summary>Selects what <see cref="ListPage"/> lists, as rows for <see cref="ReadRow"/>.</summary>
    public static Statement SelectPart(Connection connection, string ns, string snapshotter, string after, int count) =>
        connection.Use($"{Select} WHERE s.namespace = ? AND s.snapshotter = ? AND s.name > ? ORDER BY s.name LIMIT ?")
            .Bind(ns).Bind(snapshotter).Bind(after).Bind(count);

    /// <summary>The ids of a snapshotter's snapshots in all namespaces.</summary>
    public static HashSet<long> ListIds(Connection connection, string snapshotter)
    {
        using Statement select = connection.Use("SELECT id FROM snapshot WHERE snapshotter = ?");
        select.Bind(snapshotter);
        HashSet<long> ids = [];
        while (select.Read())
        {
            ids.Add(select.Number(0));
        }

        return ids;
    }

    /// <summary>The ids from a snapshot down to the lowest, itself first.</summary>
    /// <exception cref="GantryException">ResourceExhausted: there are more than <see cref="MaxDepth"/>.</exception>
    public static List<long> Chain(Connection connection, string snapshotter, long? id)
    {
        List<long> chain = [];
        while (id is { } current)
        {
            if (chain.Count == MaxDepth)
            {
                throw new GantryException(ErrorKind.ResourceExhausted, $"more than {MaxDepth} snapshots in a chain");
            }

            chain.Add(current);
            using Statement select = connection.Use("SELECT parent FROM snapshot WHERE snapshotter = ? AND id = ?");
            id = select.Bind(snapshotter).Bind(current).Read() && !select.IsNull(0) ? select.Number(0) : null;
        }

        return chain;
    }

    /// <summary>Whether a snapshot is the parent of another.</summary>
    public static bool HasChildren(Connection connection, string snapshotter, long id)
    {
        using Statement select = connection.Use("SELECT 1 FROM snapshot WHERE snapshotter = ? AND parent = ? LIMIT 1");
        return select.Bind(snapshotter).Bind(id).Read();
    }

    /// <summary>Adds a snapshot.</summary>
    public static void Insert(Writer writer, string ns, string snapshotter, SnapshotRow row)
    {
        SnapshotInfo info = row.Info;
        using (Statement insert = writer.Use(
            """
            INSERT INTO snapshot (id, namespace, snapshotter, name, kind, parent, labels, inodes, size,
                created_at, updated_at, sequence)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """))
        {
            insert.Bind(row.Id).Bind(ns).Bind(snapshotter).Bind(info.Name).Bind((long)info.Kind).Bind(row.ParentId)
                .Bind(Labels.Encode(info.Labels)).Bind(row.Usage.Inodes).Bind(row.Usage.Size)
                .Bind(info.CreatedAt).Bind(info.UpdatedAt).Bind(writer.NextSequence()).Run();
        }

        ReferenceTable.Add(
            writer,
            ns,
            NodeKind.Snapshot,
            Reference.SnapshotKey(snapshotter, info.Name),
            References(snapshotter, info));
    }

    /// <summary>Makes an active snapshot the committed one that <paramref name="row"/> tells of.</summary>
    public static void Commit(Writer writer, string ns, string snapshotter, string key, SnapshotRow row)
    {
        SnapshotInfo info = row.Info;
        using (Statement update = writer.Use(
            """
            UPDATE snapshot SET name = ?, kind = ?, parent = ?, labels = ?, inodes = ?, size = ?,
                created_at = ?, updated_at = ?, sequence = ?
            WHERE snapshotter = ? AND id = ?
            """))
        {
            update.Bind(info.Name).Bind((long)info.Kind).Bind(row.ParentId).Bind(Labels.Encode(info.Labels))
                .Bind(row.Usage.Inodes).Bind(row.Usage.Size).Bind(info.CreatedAt).Bind(info.UpdatedAt)
                .Bind(writer.NextSequence()).Bind(snapshotter).Bind(row.Id).Run();
        }

        ReferenceTable.RemoveAll(writer, ns, NodeKind.Snapshot, Reference.SnapshotKey(snapshotter, key));
        ReferenceTable.Add(
            writer,
            ns,
            NodeKind.Snapshot,
            Reference.SnapshotKey(snapshotter, info.Name),
            References(snapshotter, info));
    }

    /// <summary>Changes the labels of a snapshot.</summary>
    public static void Update(Writer writer, string ns, string snapshotter, SnapshotRow row)
    {
        using (Statement update = writer.Use(
            "UPDATE snapshot SET labels = ?, updated_at = ? WHERE snapshotter = ? AND id = ?"))
        {
            update.Bind(Labels.Encode(row.Info.Labels)).Bind(row.Info.UpdatedAt).Bind(snapshotter).Bind(row.Id).Run();
        }

        ReferenceTable.Replace(
            writer,
            ns,
            NodeKind.Snapshot,
            Reference.SnapshotKey(snapshotter, row.Info.Name),
            References(snapshotter, row.Info));
    }

    /// <summary>Removes a snapshot that has no children.</summary>
    public static void Delete(Writer writer, string ns, string snapshotter, string name, long id)
    {
        using Statement delete = writer.Use("DELETE FROM snapshot WHERE snapshotter = ? AND id = ?");
        delete.Bind(snapshotter).Bind(id).Run();
        ReferenceTable.RemoveAll(writer, ns, NodeKind.Snapshot, Reference.SnapshotKey(snapshotter, name));
    }

    /// <summary>A snapshot from a row.</summary>
    public static SnapshotRow ReadRow(Statement row) => new(
        row.Number(0),
        row.IsNull(1) ? null : row.Number(1),
        new SnapshotUsage(row.Number(2), row.Number(3)),
        new SnapshotInfo(
            (SnapshotKind)row.Number(4),
            row.Text(5),
            row.Text(6),
            row.Time(7),
            row.Time(8),
            Labels.Decode(row.Bytes(9))));

    private static List<Reference> References(string snapshotter, SnapshotInfo info)
    {
        List<Reference> references = LabelReferences.Read(NodeKind.Snapshot, info.Labels);
        if (info.Parent.Length > 0)
        {
            references.Add(Reference.ToSnapshot(ReferenceRole.Part, snapshotter, info.Parent));
        }

        return references;
    }
}
