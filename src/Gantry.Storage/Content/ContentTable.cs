using Gantry.Core.Content;
using Gantry.Oci.Image;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Content;

/// <summary>The table of blobs, namespace by namespace, and that of digests whose file may have lost its last owner.</summary>
internal static class ContentTable
{
    /// <summary>The columns that <see cref="ReadRow"/> reads.</summary>
    public const string Columns = "digest, size, created_at, updated_at, labels";

    /// <summary>One blob; null when the namespace has none of that digest.</summary>
    public static ContentInfo? Find(Connection connection, string ns, Digest digest)
    {
        using Statement select = connection.Use(
            "SELECT digest, size, created_at, updated_at, labels FROM content WHERE namespace = ? AND digest = ?");
        return select.Bind(ns).Bind(digest.ToString()).Read() ? ReadRow(select) : null;
    }

    /// <summary>Whether any namespace has a blob.</summary>
    public static bool ExistsAnywhere(Connection connection, string digest)
    {
        using Statement select = connection.Use("SELECT 1 FROM content WHERE digest = ? LIMIT 1");
        return select.Bind(digest).Read();
    }

    /// <summary>Whether a namespace that shares its blobs with all others has a blob.</summary>
    public static bool ExistsShareable(Connection connection, string digest)
    {
        using Statement select = connection.Use(
            """
            SELECT 1 FROM content JOIN namespace ON namespace.name = content.namespace
            WHERE content.digest = ?
                AND json_extract(namespace.labels, '$."containerd.io/namespace.shareable"') = 'true'
            LIMIT 1
            """);
        return select.Bind(digest).Read();
    }

    /// <summary>Adds a blob.</summary>
    /// <returns>False when the namespace has it already; nothing is changed then.</returns>
    public static bool Insert(Writer writer, string ns, ContentInfo info)
    {
        using (Statement insert = writer.Use(
            """
            INSERT INTO content (namespace, digest, size, labels, created_at, updated_at, sequence)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, digest) DO NOTHING
            """))
        {
            int rows = insert.Bind(ns).Bind(info.Digest.ToString()).Bind(info.Size).Bind(Labels.Encode(info.Labels))
                .Bind(info.CreatedAt).Bind(info.UpdatedAt).Bind(writer.NextSequence()).Run();
            if (rows == 0)
            {
                return false;
            }
        }

        ReferenceTable.Add(
            writer,
            ns,
            NodeKind.Content,
            info.Digest.ToString(),
            LabelReferences.Read(NodeKind.Content, info.Labels));
        return true;
    }

    /// <summary>Removes a blob from a namespace, and notes that its file may have lost its last owner.</summary>
    /// <returns>False when the namespace has none of that digest.</returns>
    public static bool Delete(Writer writer, string ns, string digest)
    {
        using (Statement delete = writer.Use("DELETE FROM content WHERE namespace = ? AND digest = ?"))
        {
            if (delete.Bind(ns).Bind(digest).Run() == 0)
            {
                return false;
            }
        }

        ReferenceTable.RemoveAll(writer, ns, NodeKind.Content, digest);
        AddOrphan(writer, digest);
        return true;
    }

    /// <summary>Notes that a file may have no owner.</summary>
    public static void AddOrphan(Writer writer, string digest)
    {
        using Statement insert = writer.Use("INSERT INTO orphan (digest) VALUES (?) ON CONFLICT (digest) DO NOTHING");
        insert.Bind(digest).Run();
    }

    /// <summary>A blob from a row of <see cref="Columns"/>.</summary>
    public static ContentInfo ReadRow(Statement row) =>
        new(Digest.Parse(row.Text(0)), row.Number(1), row.Time(2), row.Time(3), Labels.Decode(row.Bytes(4)));
}
