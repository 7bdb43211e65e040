using Gantry.Core.Maintenance;
using Gantry.Core.Snapshots;
using Gantry.Linux.Syscalls;
using Gantry.Oci.Image;
using Gantry.Storage.Content;
using Gantry.Storage.Gc;
using Gantry.Storage.Snapshots;
using Gantry.Storage.Sqlite;
using Reference = Gantry.Storage.Gc.Reference;

namespace Gantry.Storage.Space;

/// <summary>Tells what takes the space of a root directory, and what holds it.</summary>
internal sealed class SpaceMeter(
    string root,
    Database database,
    BlobAccess blobs,
    IReadOnlyDictionary<string, ISnapshotDriver> drivers,
    TimeProvider time)
{
    private const int BlockSize = 512;

    /// <summary>Counts.</summary>
    /// <remarks>
    /// <list type="number">
    /// <item>the records and who holds what, as they are at one moment;</item>
    /// <item>the space of snapshots that are written to: it is not recorded;</item>
    /// <item>from each image by itself, what it reaches;</item>
    /// <item>the directories on disk.</item>
    /// </list>
    /// </remarks>
    public async Task<SpaceReport> MeasureAsync(CancellationToken cancellationToken)
    {
        // Step 1
        HoldingGraph graph = new();
        List<SnapshotRecord> snapshots = [];
        List<(string Namespace, string Name, int Containers)> images = [];
        database.ReadSnapshot(connection =>
        {
            ReadBlobs(connection, graph);
            ReadSnapshots(connection, snapshots);
            foreach (SnapshotRecord snapshot in snapshots)
            {
                graph.AddSnapshot(snapshot.Namespace, snapshot.NodeKey, snapshot.Usage.Size);
            }

            graph.ReadReferences(connection, time.GetUtcNow());
            WalkOthers(connection, graph);
            ReadImages(connection, images);
            return true;
        });

        // Step 2
        for (int i = 0; i < snapshots.Count; i++)
        {
            if (snapshots[i].Kind == SnapshotKind.Active
                && drivers.TryGetValue(snapshots[i].Snapshotter, out ISnapshotDriver? driver))
            {
                SnapshotRecord written = snapshots[i];
                List<long> chain = database.Read(
                    connection => SnapshotTable.Chain(connection, written.Snapshotter, written.Id));
                snapshots[i] = written with
                {
                    Usage = await driver.UsageAsync(written.Id, chain.GetRange(1, chain.Count - 1), cancellationToken),
                };
                graph.Snapshots[(snapshots[i].Namespace, snapshots[i].NodeKey)].Bytes = snapshots[i].Usage.Size;
            }
        }

        // Step 3
        List<List<HeldObject>> held = [.. images.Select(i => graph.Walk(i.Namespace, NodeKind.Image, i.Name))];
        List<ImageSpace> imageSpaces = [.. images.Select((image, i) => SpaceOf(image, held[i]))];
        List<SnapshotSpace> snapshotSpaces =
        [
            .. snapshots.Select(s => new SnapshotSpace(
                    s.Namespace,
                    s.Snapshotter,
                    s.Name,
                    s.Kind.ToString().ToLowerInvariant(),
                    s.Usage.Size,
                    s.Usage.Inodes,
                    graph.Snapshots[(s.Namespace, s.NodeKey)].Holders > 0))
                .OrderByDescending(s => s.Bytes),
        ];

        // Step 4
        return await Task.Run(
            () => new SpaceReport(MeasureAreas(graph, snapshotSpaces, cancellationToken), imageSpaces, snapshotSpaces),
            cancellationToken);
    }

    private List<AreaSpace> MeasureAreas(
        HoldingGraph graph,
        List<SnapshotSpace> snapshots,
        CancellationToken cancellationToken)
    {
        DiskMeter meter = new();
        List<AreaSpace> areas = [];
        long below = 0;
        void Add(string area, string path, long count, long freeable)
        {
            long bytes = meter.Measure(path, cancellationToken);
            areas.Add(new AreaSpace(area, count, bytes, freeable));
            below += path.StartsWith(root + "/", StringComparison.Ordinal) ? bytes : 0;
        }

        long ingests = database.Read(connection => Number(connection, "SELECT count(*) FROM ingest"));
        long freeable = graph.Blobs.Values.Where(blob => blob.Holders == 0).Sum(blob => blob.Bytes);
        if (blobs.Directory is { } content)
        {
            Add("content", Path.Combine(content.Root, "blobs"), graph.Blobs.Count, freeable);
            Add("ingests", Path.Combine(content.Root, "ingest"), ingests, 0);
        }
        else
        {
            areas.Add(new AreaSpace("content/proxy", graph.Blobs.Count, graph.Blobs.Values.Sum(b => b.Bytes), freeable));
        }

        foreach (ISnapshotDriver driver in drivers.Values)
        {
            List<SnapshotSpace> its = [.. snapshots.Where(s => s.Snapshotter == driver.Name)];
            Add($"snapshots/{driver.Name}", driver.Root, its.Count, its.Where(s => !s.Held).Sum(s => s.Bytes));
        }

        Add("database", Path.GetDirectoryName(database.Path)!, 1, 0);
        long quarantined = new DiskMeter().Measure(Path.Combine(root, "quarantine"), cancellationToken);
        if (quarantined > 0)
        {
            string directory = Path.Combine(root, "quarantine");
            Add("quarantine", directory, Directory.EnumerateFileSystemEntries(directory).Count(), quarantined);
        }

        long total = new DiskMeter().Measure(root, cancellationToken);
        areas.Add(new AreaSpace("other", 0, Math.Max(0, total - below), 0));
        return areas;
    }

    private static ImageSpace SpaceOf((string Namespace, string Name, int Containers) image, List<HeldObject> held) =>
        new(
            image.Namespace,
            image.Name,
            held.Where(o => !o.IsSnapshot).Sum(o => o.Bytes),
            held.Where(o => o.IsSnapshot).Sum(o => o.Bytes),
            held.Where(o => o.Holders == 1).Sum(o => o.Bytes),
            image.Containers);

    private void ReadBlobs(Connection connection, HoldingGraph graph)
    {
        using Statement select = connection.Use("SELECT digest, max(size) FROM content GROUP BY digest");
        while (select.Read())
        {
            if (blobs.Directory is not { } content)
            {
                graph.AddBlob(select.Text(0), select.Number(1));
            }
            else if (Digest.TryParse(select.Text(0), out Digest digest)
                && Stat.TryPath(content.BlobPath(digest), out FileStatus status) == 0)
            {
                graph.AddBlob(select.Text(0), status.Blocks * BlockSize);
            }
        }
    }

    private static void ReadSnapshots(Connection connection, List<SnapshotRecord> snapshots)
    {
        using Statement select = connection.Use(
            "SELECT id, namespace, snapshotter, name, kind, inodes, size FROM snapshot");
        while (select.Read())
        {
            snapshots.Add(new SnapshotRecord(
                select.Number(0),
                select.Text(1),
                select.Text(2),
                select.Text(3),
                (SnapshotKind)select.Number(4),
                new SnapshotUsage(select.Number(5), select.Number(6))));
        }
    }

    private static void ReadImages(
        Connection connection,
        List<(string Namespace, string Name, int Containers)> images)
    {
        Dictionary<(string, string), int> users = [];
        using (Statement containers = connection.Use(
            "SELECT namespace, image, count(*) FROM container GROUP BY namespace, image"))
        {
            while (containers.Read())
            {
                users[(containers.Text(0), containers.Text(1))] = (int)containers.Number(2);
            }
        }

        using Statement select = connection.Use("SELECT namespace, name FROM image");
        while (select.Read())
        {
            string ns = select.Text(0);
            string name = select.Text(1);
            images.Add((ns, name, users.GetValueOrDefault((ns, name))));
        }
    }

    /// <summary>Walks from the roots that are no images.</summary>
    private void WalkOthers(Connection connection, HoldingGraph graph)
    {
        long now = StoredTime.ToTicks(time.GetUtcNow());
        WalkAll(NodeKind.Container, "SELECT namespace, id FROM container");
        WalkAll(NodeKind.Sandbox, "SELECT namespace, id FROM sandbox");
        WalkAll(NodeKind.Ingest, "SELECT namespace, ref FROM ingest");
        using Statement leases = connection.Use("SELECT namespace, id, flat, expires_at FROM lease");
        while (leases.Read())
        {
            if (leases.IsNull(3) || leases.Number(3) > now)
            {
                graph.Walk(leases.Text(0), NodeKind.Lease, leases.Text(1), flat: leases.Number(2) != 0);
            }
        }

        void WalkAll(NodeKind kind, string sql)
        {
            using Statement select = connection.Use(sql);
            while (select.Read())
            {
                graph.Walk(select.Text(0), kind, select.Text(1));
            }
        }
    }

    private static long Number(Connection connection, string sql)
    {
        using Statement select = connection.Use(sql);
        return select.Read() ? select.Number(0) : 0;
    }

    private sealed record SnapshotRecord(
        long Id,
        string Namespace,
        string Snapshotter,
        string Name,
        SnapshotKind Kind,
        SnapshotUsage Usage)
    {
        public string NodeKey => Reference.SnapshotKey(Snapshotter, Name);
    }
}
