using Gantry.Core.Snapshots;
using Gantry.Storage.Content;
using Gantry.Storage.Images;
using Gantry.Storage.Mounts;
using Gantry.Storage.Snapshots;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Gc;

/// <summary>
/// Removes the records of what a mark found dead, in short transactions between which others write. Each transaction
/// first takes back what has been referred to since the mark, and all that this keeps; and it removes only records that
/// existed when the mark began.
/// </summary>
internal sealed class Sweeper(
    Database database,
    BlobAccess blobs,
    IReadOnlyDictionary<string, ISnapshotDriver> drivers,
    TimeProvider time,
    Mark mark)
{
    private const int BatchSize = 100;

    // A transaction ends when this has passed, so that others' changes do not wait behind it.
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(2);

    private readonly HashSet<(string Namespace, NodeKind Kind, string Key)> _dead =
        mark.Dead.Select(dead => (dead.Namespace, dead.Kind, dead.Key)).ToHashSet();

    private readonly ILookup<(string Namespace, string Snapshot), ConditionalReference> _conditions =
        mark.Conditions.ToLookup(reference => (reference.Namespace, reference.Condition.SnapshotKey));

    private long _seen = mark.Sequence;

    /// <summary>Snapshots whose directories are nobody's now.</summary>
    public List<(ISnapshotDriver Driver, long Id)> Snapshots { get; } = [];

    /// <summary>Activations whose mounts are nobody's now.</summary>
    public List<long> Activations { get; } = [];

    /// <summary>What was removed: how many records, and the space they tell of.</summary>
    public Dictionary<NodeKind, (int Count, long Bytes)> Removed { get; } = [];

    /// <summary>Sweeps.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<DeadObject> batch = new(BatchSize);
        for (int next = 0; next < mark.Dead.Count;)
        {
            batch.Clear();
            batch.AddRange(mark.Dead.Skip(next).Take(BatchSize));
            next += await SweepAsync(batch, cancellationToken);
        }
    }

    /// <summary>Sweeps as much of a batch as there is time for.</summary>
    /// <returns>How many of its objects are dealt with: at least one.</returns>
    private async Task<int> SweepAsync(List<DeadObject> batch, CancellationToken cancellationToken)
    {
        List<(DeadObject Ingest, IngestLock Held)> locks = LockIngests(batch);
        try
        {
            BatchResult result = await database.WriteAsync(
                writer => Sweep(writer, batch, locks.Select(entry => entry.Ingest).ToHashSet()),
                cancellationToken);
            foreach ((NodeKind kind, long bytes) in result.Removed)
            {
                (int count, long sum) = Removed.GetValueOrDefault(kind);
                Removed[kind] = (count + 1, sum + bytes);
            }

            Snapshots.AddRange(result.Snapshots);
            Activations.AddRange(result.Activations);
            foreach (string backend in result.Ingests)
            {
                await blobs.RemoveIngestAsync(backend);
            }

            return result.Looked;
        }
        finally
        {
            foreach ((_, IngestLock held) in locks)
            {
                blobs.Locks.Unlock(held);
            }
        }
    }

    /// <summary>Locks the ingests of a batch, so that none gets a writer now; one that has a writer is left out.</summary>
    private List<(DeadObject Ingest, IngestLock Held)> LockIngests(List<DeadObject> batch)
    {
        List<(DeadObject, IngestLock)> locks = [];
        foreach (DeadObject dead in batch)
        {
            if (dead.Kind == NodeKind.Ingest
                && blobs.Locks.TryLock(dead.Namespace, dead.Key, time.GetUtcNow(), out IngestLock held))
            {
                locks.Add((dead, held));
            }
        }

        return locks;
    }

    private BatchResult Sweep(Writer writer, List<DeadObject> batch, HashSet<DeadObject> lockedIngests)
    {
        TakeBack(writer.Connection);
        BatchResult result = new();
        long started = time.GetTimestamp();
        foreach (DeadObject dead in batch)
        {
            if (result.Looked > 0 && time.GetElapsedTime(started) >= BatchTime)
            {
                break;
            }

            result.Looked++;
            bool removed = _dead.Contains((dead.Namespace, dead.Kind, dead.Key)) && dead.Kind switch
            {
                NodeKind.Content => DeleteContent(writer, dead, result),
                NodeKind.Image => DeleteImage(writer, dead),
                NodeKind.Lease => DeleteLease(writer, dead),
                NodeKind.Ingest => lockedIngests.Contains(dead) && DeleteIngest(writer, dead, result),
                NodeKind.Snapshot => DeleteSnapshot(writer, dead, result),
                NodeKind.Activation => DeleteActivation(writer, dead, result),
                _ => false,
            };
            if (removed && dead.Kind is NodeKind.Image or NodeKind.Lease or NodeKind.Ingest or NodeKind.Activation)
            {
                result.Removed.Add((dead.Kind, 0));
            }
        }

        return result;
    }

    /// <summary>Takes back what the references that were added since the last look keep.</summary>
    private void TakeBack(Connection connection)
    {
        Stack<(string Namespace, NodeKind Kind, string Key)> kept = new();
        using (Statement select = connection.Use(
            """
            SELECT sequence, namespace, kind, key, role, other_kind, other_key FROM reference WHERE sequence > ?
            ORDER BY sequence
            """))
        {
            select.Bind(_seen);
            while (select.Read())
            {
                _seen = select.Number(0);
                ReferenceRole role = (ReferenceRole)select.Number(4);
                bool keepsOwner = role is ReferenceRole.Back or ReferenceRole.Root or ReferenceRole.Condition;
                int kind = keepsOwner ? 2 : 5;
                if (role == ReferenceRole.UsedAt)
                {
                    KeepConditional(select.Text(1), select.Text(3), kept);
                }
                else
                {
                    kept.Push((select.Text(1), (NodeKind)select.Number(kind), select.Text(kind + 1)));
                }
            }
        }

        while (kept.TryPop(out (string Namespace, NodeKind Kind, string Key) node))
        {
            if (!_dead.Remove(node))
            {
                continue;
            }

            foreach (Reference reference in ReferenceTable.List(connection, node.Namespace, node.Kind, node.Key))
            {
                kept.Push((node.Namespace, reference.Kind, reference.Key));
            }

            if (node.Kind == NodeKind.Snapshot)
            {
                KeepConditional(node.Namespace, node.Key, kept);
            }

            using Statement back = connection.Use(
                "SELECT kind, key FROM reference WHERE namespace = ? AND other_kind = ? AND other_key = ? AND role = 2");
            back.Bind(node.Namespace).Bind((long)node.Kind).Bind(node.Key);
            while (back.Read())
            {
                kept.Push((node.Namespace, (NodeKind)back.Number(0), back.Text(1)));
            }
        }
    }

    /// <summary>Keeps what a snapshot might keep under a condition; whether it does, the next mark will see.</summary>
    private void KeepConditional(string ns, string snapshot, Stack<(string Namespace, NodeKind Kind, string Key)> kept)
    {
        foreach (ConditionalReference reference in _conditions[(ns, snapshot)])
        {
            kept.Push((ns, reference.Kind, reference.Key));
        }
    }

    private bool DeleteContent(Writer writer, DeadObject dead, BatchResult result)
    {
        using (Statement select = writer.Use(
            "SELECT size FROM content WHERE namespace = ? AND digest = ? AND sequence <= ?"))
        {
            if (!select.Bind(dead.Namespace).Bind(dead.Key).Bind(mark.Sequence).Read())
            {
                return false;
            }

            result.Removed.Add((NodeKind.Content, select.Number(0)));
        }

        return ContentTable.Delete(writer, dead.Namespace, dead.Key);
    }

    private bool IsOld(Writer writer, string sql, DeadObject dead)
    {
        using Statement select = writer.Use(sql);
        return select.Bind(dead.Namespace).Bind(dead.Key).Bind(mark.Sequence).Read();
    }

    private bool DeleteImage(Writer writer, DeadObject dead)
    {
        using (Statement select = writer.Use(
            "SELECT 1 FROM image WHERE namespace = ? AND name = ? AND sequence <= ? AND expires_at <= ?"))
        {
            if (!select.Bind(dead.Namespace).Bind(dead.Key).Bind(mark.Sequence).Bind(mark.Now).Read())
            {
                return false;
            }
        }

        ImageTable.Delete(writer, dead.Namespace, dead.Key);
        return true;
    }

    private bool DeleteLease(Writer writer, DeadObject dead)
    {
        using (Statement delete = writer.Use("DELETE FROM lease WHERE namespace = ? AND id = ? AND sequence <= ?"))
        {
            if (delete.Bind(dead.Namespace).Bind(dead.Key).Bind(mark.Sequence).Run() == 0)
            {
                return false;
            }
        }

        ReferenceTable.RemoveAll(writer, dead.Namespace, NodeKind.Lease, dead.Key);
        return true;
    }

    private bool DeleteIngest(Writer writer, DeadObject dead, BatchResult result)
    {
        if (!IsOld(writer, "SELECT 1 FROM ingest WHERE namespace = ? AND ref = ? AND sequence <= ?", dead)
            || IngestTable.Find(writer.Connection, dead.Namespace, dead.Key) is not { } ingest)
        {
            return false;
        }

        result.Ingests.Add(ingest.Backend);
        return IngestTable.Delete(writer, dead.Namespace, dead.Key);
    }

    private bool DeleteSnapshot(Writer writer, DeadObject dead, BatchResult result)
    {
        int slash = dead.Key.IndexOf('/', StringComparison.Ordinal);
        string snapshotter = dead.Key[..slash];
        string name = dead.Key[(slash + 1)..];
        if (!drivers.TryGetValue(snapshotter, out ISnapshotDriver? driver)
            || SnapshotTable.Find(writer.Connection, dead.Namespace, snapshotter, name) is not { } row
            || SnapshotTable.HasChildren(writer.Connection, snapshotter, row.Id))
        {
            return false;
        }

        using (Statement select = writer.Use(
            "SELECT 1 FROM snapshot WHERE snapshotter = ? AND id = ? AND sequence <= ?"))
        {
            if (!select.Bind(snapshotter).Bind(row.Id).Bind(mark.Sequence).Read())
            {
                return false;
            }
        }

        SnapshotTable.Delete(writer, dead.Namespace, snapshotter, name, row.Id);
        result.Removed.Add((NodeKind.Snapshot, row.Usage.Size));
        result.Snapshots.Add((driver, row.Id));
        return true;
    }

    private bool DeleteActivation(Writer writer, DeadObject dead, BatchResult result)
    {
        // One that is being made is left to its maker.
        if (ActivationTable.FindFinished(writer.Connection, dead.Namespace, dead.Key) is not { } id
            || id > mark.Sequence)
        {
            return false;
        }

        ActivationTable.Delete(writer, dead.Namespace, dead.Key, id);
        result.Activations.Add(id);
        return true;
    }

    private sealed class BatchResult
    {
        public int Looked { get; set; }

        public List<(NodeKind Kind, long Bytes)> Removed { get; } = [];

        public List<string> Ingests { get; } = [];

        public List<long> Activations { get; } = [];

        public List<(ISnapshotDriver Driver, long Id)> Snapshots { get; } = [];
    }
}
