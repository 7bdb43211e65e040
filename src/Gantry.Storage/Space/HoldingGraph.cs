using Gantry.Storage.Gc;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Space;

/// <summary>
/// Who holds what: the references of the database, walked from each root by itself. A blob that several namespaces have
/// is one object here, for it is one file.
/// </summary>
internal sealed class HoldingGraph
{
    private readonly Dictionary<(string Namespace, NodeKind Kind, string Key), List<Edge>> _edges = [];
    private readonly Dictionary<(string Namespace, string Key), HeldObject> _snapshots = [];
    private readonly Dictionary<string, HeldObject> _blobs = new(StringComparer.Ordinal);
    private int _roots;

    /// <summary>The blobs, by digest.</summary>
    public IReadOnlyDictionary<string, HeldObject> Blobs => _blobs;

    /// <summary>The snapshots, by namespace and <c>SNAPSHOTTER/NAME</c>.</summary>
    public IReadOnlyDictionary<(string Namespace, string Key), HeldObject> Snapshots => _snapshots;

    /// <summary>Adds a blob.</summary>
    public void AddBlob(string digest, long bytes) => _blobs.TryAdd(digest, new HeldObject { Bytes = bytes });

    /// <summary>Adds a snapshot.</summary>
    public void AddSnapshot(string ns, string key, long bytes) =>
        _snapshots[(ns, key)] = new HeldObject { Bytes = bytes, IsSnapshot = true };

    /// <summary>
    /// Reads the references, those under a condition if it holds now, and walks from what is a root by a label of its own.
    /// </summary>
    public void ReadReferences(Connection connection, DateTimeOffset now)
    {
        List<(string Namespace, NodeKind Kind, string Key)> labeled = [];
        List<ConditionalReference> conditions = [];
        Dictionary<(string, string), string> usedAt = [];
        using Statement select = connection.Use(
            "SELECT namespace, kind, key, role, other_kind, other_key FROM reference");
        while (select.Read())
        {
            string ns = select.Text(0);
            (string, NodeKind, string) owner = (ns, (NodeKind)select.Number(1), select.Text(2));
            (string, NodeKind, string) other = (ns, (NodeKind)select.Number(4), select.Text(5));
            ReferenceRole role = (ReferenceRole)select.Number(3);
            if (role == ReferenceRole.Root)
            {
                labeled.Add(owner);
            }
            else if (role == ReferenceRole.Condition)
            {
                conditions.Add(new ConditionalReference(ns, owner.Item2, owner.Item3, GcCondition.Parse(other.Item3)));
            }
            else if (role == ReferenceRole.UsedAt)
            {
                usedAt[(ns, owner.Item3)] = other.Item3;
            }
            else if (role == ReferenceRole.Back)
            {
                Add(other, new Edge(owner, IsPart: false));
            }
            else if (role is ReferenceRole.Label or ReferenceRole.Part or ReferenceRole.Leased)
            {
                Add(owner, new Edge(other, role is ReferenceRole.Part));
            }
        }

        foreach (ConditionalReference reference in conditions)
        {
            if (usedAt.TryGetValue((reference.Namespace, reference.Condition.SnapshotKey), out string? used)
                && reference.Condition.Holds(used, now))
            {
                Add(
                    (reference.Namespace, NodeKind.Snapshot, reference.Condition.SnapshotKey),
                    new Edge((reference.Namespace, reference.Kind, reference.Key), IsPart: false));
            }
        }

        foreach ((string ns, NodeKind kind, string key) in labeled)
        {
            Walk(ns, kind, key);
        }
    }

    /// <summary>Walks from a root.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="key">Its key.</param>
    /// <param name="flat">Whether it holds only what it names, and what that is made of: a flat lease.</param>
    /// <returns>What it holds, each once.</returns>
    public List<HeldObject> Walk(string ns, NodeKind kind, string key, bool flat = false)
    {
        int root = _roots++;
        List<HeldObject> held = [];
        HashSet<(string, NodeKind, string)> seen = [];
        Stack<((string, NodeKind, string) Node, bool PartsOnly)> pending = new();
        pending.Push(((ns, kind, key), false));
        while (pending.TryPop(out ((string, NodeKind, string) Node, bool PartsOnly) next))
        {
            if (!seen.Add(next.Node))
            {
                continue;
            }

            if (Find(next.Node) is { } found && found.Reach(root))
            {
                held.Add(found);
            }

            foreach (Edge edge in _edges.GetValueOrDefault(next.Node) ?? [])
            {
                if (edge.IsPart || !next.PartsOnly)
                {
                    pending.Push((edge.To, flat));
                }
            }
        }

        return held;
    }

    private HeldObject? Find((string Namespace, NodeKind Kind, string Key) node) => node.Kind switch
    {
        NodeKind.Content => _blobs.GetValueOrDefault(node.Key),
        NodeKind.Snapshot => _snapshots.GetValueOrDefault((node.Namespace, node.Key)),
        _ => null,
    };

    private void Add((string, NodeKind, string) from, Edge edge)
    {
        if (!_edges.TryGetValue(from, out List<Edge>? edges))
        {
            _edges.Add(from, edges = []);
        }

        edges.Add(edge);
    }

    private readonly record struct Edge((string, NodeKind, string) To, bool IsPart);
}
