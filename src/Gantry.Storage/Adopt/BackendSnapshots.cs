using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Storage.Bolt;

namespace Gantry.Storage.Adopt;

/// <summary>
/// Reads a snapshotter's own <c>metadata.db</c>: bucket <c>v1/snapshots</c> leads from the name that containerd's
/// metadata has of a snapshot to its id, which is the name of its directory.
/// </summary>
internal sealed class BackendSnapshots
{
    private readonly Dictionary<string, BackendSnapshot> _snapshots = new(StringComparer.Ordinal);

    private BackendSnapshots()
    {
    }

    /// <summary>The greatest id in use.</summary>
    public long GreatestId { get; private set; }

    /// <summary>Reads a database.</summary>
    /// <exception cref="GantryException">DataLoss.</exception>
    public static BackendSnapshots Read(BoltFile file)
    {
        BackendSnapshots read = new();
        HashSet<long> ids = [];
        if (file.Root.Bucket("v1") is { } schema)
        {
            foreach ((string name, BoltBucket snapshot) in schema.Buckets("snapshots"))
            {
                BackendSnapshot found = ReadSnapshot(snapshot);
                read._snapshots[name] = found;
                read.GreatestId = Math.Max(read.GreatestId, found.Id);
                if (!ids.Add(found.Id))
                {
                    throw snapshot.Corrupt($"its id {found.Id} is that of another snapshot too");
                }
            }
        }

        return read;
    }

    /// <summary>A snapshot; null when there is none of that name.</summary>
    public BackendSnapshot? Find(string name) => _snapshots.GetValueOrDefault(name);

    private static BackendSnapshot ReadSnapshot(BoltBucket snapshot)
    {
        long id = snapshot.Unsigned("id");
        if (id == 0)
        {
            throw snapshot.Corrupt("its id is 0");
        }

        SnapshotKind kind = snapshot.Value("kind") is { Length: 1 } value
            ? (SnapshotKind)value.Span[0]
            : SnapshotKind.Unknown;
        if (kind is not (SnapshotKind.View or SnapshotKind.Active or SnapshotKind.Committed))
        {
            throw snapshot.Corrupt("its kind is unknown");
        }

        return new BackendSnapshot(
            id,
            kind,
            snapshot.Text("parent"),
            new SnapshotUsage(snapshot.Number("inodes"), snapshot.Number("size")),
            snapshot.Map("labels"));
    }
}
