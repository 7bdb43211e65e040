using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Metadata;

/// <summary>Adds up the records, without a look at the disk.</summary>
internal static class TotalsReader
{
    private static readonly string[] Kinds = ["image", "container", "sandbox", "lease", "ingest", "snapshot", "content"];

    /// <summary>Reads the totals.</summary>
    /// <param name="connection">A connection that sees one state of the database.</param>
    public static StoreTotals Read(Connection connection)
    {
        long blobs = 0;
        long bytes = 0;
        using (Statement content = connection.Use(
            "SELECT count(*), coalesce(sum(size), 0) FROM (SELECT max(size) AS size FROM content GROUP BY digest)"))
        {
            if (content.Read())
            {
                (blobs, bytes) = (content.Number(0), content.Number(1));
            }
        }

        List<SnapshotterTotals> snapshotters = [];
        using (Statement snapshots = connection.Use(
            "SELECT snapshotter, count(*), coalesce(sum(size), 0) FROM snapshot GROUP BY snapshotter"))
        {
            while (snapshots.Read())
            {
                snapshotters.Add(new SnapshotterTotals(snapshots.Text(0), snapshots.Number(1), snapshots.Number(2)));
            }
        }

        return new StoreTotals(blobs, bytes, snapshotters, [.. Kinds.Select(kind => (kind, Count(connection, kind)))]);
    }

    private static long Count(Connection connection, string kind)
    {
        using Statement count = connection.Use($"SELECT count(*) FROM {kind}");
        return count.Read() ? count.Number(0) : 0;
    }
}
