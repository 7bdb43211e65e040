using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Gc;

/// <summary>All objects of a namespace alike, whatever their table.</summary>
internal static class ObjectTable
{
    private static readonly (NodeKind Kind, string Table, string Key)[] Tables =
    [
        (NodeKind.Image, "image", "name"),
        (NodeKind.Container, "container", "id"),
        (NodeKind.Sandbox, "sandbox", "id"),
        (NodeKind.Content, "content", "digest"),
        (NodeKind.Lease, "lease", "id"),
        (NodeKind.Ingest, "ingest", "ref"),
        (NodeKind.Activation, "activation", "name"),
        (NodeKind.Snapshot, "snapshot", "snapshotter || '/' || name"),
    ];

    /// <summary>The object that is meant by a name; null when there is none.</summary>
    public static (NodeKind Kind, string Key)? Find(Connection connection, ExplainedObject asked)
    {
        bool snapshot = asked.Snapshotter.Length > 0;
        string key = snapshot ? Reference.SnapshotKey(asked.Snapshotter, asked.Name) : asked.Name;
        foreach ((NodeKind kind, string table, string column) in Tables)
        {
            if (kind == NodeKind.Snapshot != snapshot)
            {
                continue;
            }

            using Statement select = connection.Use($"SELECT 1 FROM {table} WHERE namespace = ? AND {column} = ?");
            if (select.Bind(asked.Namespace).Bind(key).Read())
            {
                return (kind, key);
            }
        }

        return null;
    }

    /// <summary>The objects behind ids; one that is gone is left out.</summary>
    public static Dictionary<NodeId, (NodeKind Kind, string Key)> Resolve(
        Connection connection,
        string ns,
        IReadOnlyCollection<NodeId> ids)
    {
        HashSet<NodeId> wanted = [.. ids];
        Dictionary<NodeId, (NodeKind Kind, string Key)> found = [];
        foreach ((NodeKind kind, string table, string column) in Tables)
        {
            using Statement select = connection.Use($"SELECT {column} FROM {table} WHERE namespace = ?");
            select.Bind(ns);
            while (found.Count < wanted.Count && select.Read())
            {
                string key = select.Text(0);
                NodeId id = NodeId.Of(ns, kind, key);
                if (wanted.Contains(id))
                {
                    found[id] = (kind, key);
                }
            }
        }

        return found;
    }

    /// <summary>The labels of an object; none when it has no labels or is not there.</summary>
    public static IReadOnlyDictionary<string, string> ReadLabels(
        Connection connection,
        string ns,
        NodeKind kind,
        string key)
    {
        if (kind == NodeKind.Ingest)
        {
            return Labels.Decode([]);
        }

        (_, string table, string column) = Array.Find(Tables, entry => entry.Kind == kind);
        using Statement select = connection.Use($"SELECT labels FROM {table} WHERE namespace = ? AND {column} = ?");
        return select.Bind(ns).Bind(key).Read() ? Labels.Decode(select.Bytes(0)) : Labels.Decode([]);
    }
}
