using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Gc;

/// <summary>
/// Finds what nothing keeps, on a read snapshot of the database, so that nobody waits for it. Objects are read as bytes
/// and held as ids of 16 bytes: nothing is allocated for one that is alive, so the runtime has nothing to pause for.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>all references are read as edges between hashes, those under a condition only if it holds;</item>
/// <item>roots are images and leases that have not expired, containers, sandboxes, ingests that are young or have a writer, and
/// what has a label <c>gc.root</c>;</item>
/// <item>what roots reach is alive; a flat lease reaches only what it lists and what that is made of;</item>
/// <item>all other content, snapshots, images, leases and ingests are dead.</item>
/// </list>
/// </remarks>
internal sealed class Marker
{
    private readonly Connection _connection;
    private readonly Func<string, string, bool> _hasWriter;
    private readonly long _now;
    private readonly List<Edge> _edges = [];
    private readonly List<ConditionalReference> _conditions = [];
    private readonly Dictionary<NodeId, string> _usedAt = [];
    private readonly HashSet<NodeId> _alive = [];
    private readonly Queue<NodeId> _pending = new();
    private readonly List<(NodeId Lease, NodeId Root)> _flatRoots = [];
    private readonly Dictionary<NodeId, NodeId>? _holders;
    private readonly List<DeadObject> _dead = [];
    private int _objects;
    private long? _nextExpiry;

    private Marker(Connection connection, long now, Func<string, string, bool> hasWriter, bool trace)
    {
        _connection = connection;
        _now = now;
        _hasWriter = hasWriter;
        _holders = trace ? [] : null;
    }

    /// <summary>Marks.</summary>
    /// <param name="connection">A connection in a transaction.</param>
    /// <param name="now">The time, in its stored form.</param>
    /// <param name="hasWriter">Whether an ingest (namespace, ref) has a writer.</param>
    public static Mark Run(Connection connection, long now, Func<string, string, bool> hasWriter) =>
        new Marker(connection, now, hasWriter, trace: false).Run();

    /// <summary>Marks what is alive, and remembers how each object was reached.</summary>
    /// <inheritdoc cref="Run(Connection, long, Func{string, string, bool})"/>
    public static Marker Trace(Connection connection, long now, Func<string, string, bool> hasWriter)
    {
        Marker marker = new(connection, now, hasWriter, trace: true);
        marker.MarkAlive();
        return marker;
    }

    /// <summary>Whether something keeps an object.</summary>
    public bool IsAlive(NodeId id) => _alive.Contains(id);

    /// <summary>The shortest way to an object, itself first and the root last; empty when nothing keeps it.</summary>
    public List<NodeId> ChainTo(NodeId id)
    {
        List<NodeId> chain = [];
        while (_holders!.TryGetValue(id, out NodeId holder))
        {
            chain.Add(id);
            if (holder == id)
            {
                break;
            }

            id = holder;
        }

        return chain;
    }

    private Mark Run()
    {
        long sequence;
        using (Statement counter = _connection.Use("SELECT sequence FROM counter"))
        {
            sequence = counter.Read() ? counter.Number(0) : 0;
        }

        MarkAlive();
        ReadDead();
        _dead.Sort((left, right) => right.Sequence.CompareTo(left.Sequence));
        return new Mark(sequence, _now, _objects, _dead, _conditions, _nextExpiry);
    }

    private void MarkAlive()
    {
        HashSet<NodeId> flat = ReadLeases();
        ReadReferences(flat);
        AddConditions();
        _edges.Sort((left, right) => left.From.CompareTo(right.From));
        ReadRoots();
        Follow(partsOnly: false);
        foreach ((NodeId lease, NodeId root) in _flatRoots)
        {
            Reach(root, lease);
        }

        Follow(partsOnly: true);
    }

    /// <summary>Reads the leases: those that have not expired are roots, or flat roots, which are returned.</summary>
    private HashSet<NodeId> ReadLeases()
    {
        HashSet<NodeId> flat = [];
        using Statement select = _connection.Use("SELECT namespace, id, flat, expires_at, sequence FROM lease");
        while (select.Read())
        {
            _objects++;
            NodeId id = NodeId.Of(select.Bytes(0), NodeKind.Lease, select.Bytes(1));
            if (HasExpired(select, 3))
            {
                _dead.Add(new DeadObject(select.Text(0), NodeKind.Lease, select.Text(1), select.Number(4)));
            }
            else if (select.Number(2) != 0)
            {
                flat.Add(id);
                _holders?.TryAdd(id, id);
            }
            else
            {
                Reach(id);
            }
        }

        return flat;
    }

    private void ReadReferences(HashSet<NodeId> flatLeases)
    {
        using Statement select = _connection.Use(
            "SELECT namespace, kind, key, role, other_kind, other_key FROM reference");
        while (select.Read())
        {
            NodeKind kind = (NodeKind)select.Number(1);
            NodeId owner = NodeId.Of(select.Bytes(0), kind, select.Bytes(2));
            ReferenceRole role = (ReferenceRole)select.Number(3);
            switch (role)
            {
                case ReferenceRole.Root:
                    Reach(owner);
                    break;
                case ReferenceRole.UsedAt:
                    _usedAt[owner] = select.Text(5);
                    break;
                case ReferenceRole.Condition:
                    _conditions.Add(new ConditionalReference(
                        select.Text(0), kind, select.Text(2), GcCondition.Parse(select.Text(5))));
                    break;
                default:
                    NodeId other = NodeId.Of(select.Bytes(0), (NodeKind)select.Number(4), select.Bytes(5));
                    AddEdge(owner, role, other, flatLeases);
                    break;
            }
        }
    }

    private void AddEdge(NodeId owner, ReferenceRole role, NodeId other, HashSet<NodeId> flatLeases)
    {
        if (role == ReferenceRole.Leased && flatLeases.Contains(owner))
        {
            _flatRoots.Add((owner, other));
        }
        else if (role == ReferenceRole.Back)
        {
            _edges.Add(new Edge(other, owner, IsPart: false));
        }
        else
        {
            _edges.Add(new Edge(owner, other, role == ReferenceRole.Part));
        }
    }

    private void AddConditions()
    {
        DateTimeOffset now = StoredTime.FromTicks(_now);
        foreach (ConditionalReference reference in _conditions)
        {
            NodeId snapshot = NodeId.Of(reference.Namespace, NodeKind.Snapshot, reference.Condition.SnapshotKey);
            if (_usedAt.TryGetValue(snapshot, out string? usedAt) && reference.Condition.Holds(usedAt, now))
            {
                NodeId owner = NodeId.Of(reference.Namespace, reference.Kind, reference.Key);
                _edges.Add(new Edge(snapshot, owner, IsPart: false));
            }
        }
    }

    private void ReadRoots()
    {
        using (Statement images = _connection.Use("SELECT namespace, name, expires_at FROM image"))
        {
            while (images.Read())
            {
                if (!HasExpired(images, 2))
                {
                    Reach(NodeId.Of(images.Bytes(0), NodeKind.Image, images.Bytes(1)));
                }
            }
        }

        ReachAll(NodeKind.Container, "SELECT namespace, id FROM container");
        ReachAll(NodeKind.Sandbox, "SELECT namespace, id FROM sandbox");

        // An ingest without a time to expire belongs to a lease and lives as long.
        using Statement ingests = _connection.Use("SELECT namespace, ref, expires_at FROM ingest");
        while (ingests.Read())
        {
            string ns = ingests.Text(0);
            string reference = ingests.Text(1);
            if ((!ingests.IsNull(2) && !HasExpired(ingests, 2)) || _hasWriter(ns, reference))
            {
                Reach(NodeId.Of(ns, NodeKind.Ingest, reference));
            }
        }
    }

    private void ReachAll(NodeKind kind, string sql)
    {
        using Statement select = _connection.Use(sql);
        while (select.Read())
        {
            Reach(NodeId.Of(select.Bytes(0), kind, select.Bytes(1)));
        }
    }

    private void ReadDead()
    {
        ReadDead(NodeKind.Content, "SELECT namespace, digest, sequence FROM content");
        ReadDead(NodeKind.Snapshot, "SELECT namespace, snapshotter || '/' || name, sequence FROM snapshot");
        ReadDead(NodeKind.Image, "SELECT namespace, name, sequence FROM image");
        ReadDead(NodeKind.Ingest, "SELECT namespace, ref, sequence FROM ingest");
        ReadDead(NodeKind.Activation, "SELECT namespace, name, id FROM activation");
    }

    private void ReadDead(NodeKind kind, string sql)
    {
        using Statement select = _connection.Use(sql);
        while (select.Read())
        {
            _objects++;
            if (!_alive.Contains(NodeId.Of(select.Bytes(0), kind, select.Bytes(1))))
            {
                _dead.Add(new DeadObject(select.Text(0), kind, select.Text(1), select.Number(2)));
            }
        }
    }

    /// <summary>Whether the time in a column has passed; one that has not is noted as the next, if it is.</summary>
    private bool HasExpired(Statement row, int column)
    {
        if (row.IsNull(column))
        {
            return false;
        }

        long expiry = row.Number(column);
        if (expiry <= _now)
        {
            return true;
        }

        _nextExpiry = Math.Min(_nextExpiry ?? long.MaxValue, expiry);
        return false;
    }

    /// <summary>Takes in an object that is alive: a root, or what another keeps.</summary>
    private void Reach(NodeId id, NodeId? holder = null)
    {
        if (_alive.Add(id))
        {
            _pending.Enqueue(id);
            _holders?.TryAdd(id, holder ?? id);
        }
    }

    private void Follow(bool partsOnly)
    {
        while (_pending.TryDequeue(out NodeId id))
        {
            for (int i = FirstEdge(id); i < _edges.Count && _edges[i].From == id; i++)
            {
                if (_edges[i].IsPart || !partsOnly)
                {
                    Reach(_edges[i].To, id);
                }
            }
        }
    }

    /// <summary>The index of the first edge from an object, or of where it would be.</summary>
    private int FirstEdge(NodeId id)
    {
        int low = 0;
        int high = _edges.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_edges[middle].From < id)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private readonly record struct Edge(NodeId From, NodeId To, bool IsPart);
}
