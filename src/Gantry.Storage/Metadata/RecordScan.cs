using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Filters;
using Gantry.Core.Images;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Storage.Containers;
using Gantry.Storage.Content;
using Gantry.Storage.Images;
using Gantry.Storage.Leases;
using Gantry.Storage.Snapshots;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Metadata;

/// <inheritdoc cref="IRecordScan"/>
internal sealed class RecordScan(Database database, IReadOnlyDictionary<string, ISnapshotDriver> drivers) : IRecordScan
{
    // A part ends after so many records, or when their labels are so long: it is to fit a message.
    private const int PartRecords = 1000;
    private const int PartLabels = 1 << 20;

    /// <inheritdoc/>
    public void Containers(
        Namespace ns,
        IReadOnlyList<string> filters,
        RecordVisitor<ContainerView> visit,
        CancellationToken cancellationToken) => Run(
            $"SELECT {ContainerTable.Columns} FROM container WHERE namespace = ? ORDER BY id",
            ns,
            filters,
            row => new ContainerFields(ContainerTable.ReadRow(row)),
            row => visit(new ContainerView
            {
                Id = row.Bytes(0),
                Image = row.Bytes(1),
                RuntimeName = row.Bytes(2),
                HasRuntimeOptions = !row.IsNull(3),
                RuntimeOptionsType = row.Bytes(3),
                RuntimeOptions = row.Bytes(4),
                HasSpec = !row.IsNull(5),
                SpecType = row.Bytes(5),
                Spec = row.Bytes(6),
                Snapshotter = row.Bytes(7),
                SnapshotKey = row.Bytes(8),
                Extensions = new StoredExtensions(row.Bytes(9)),
                Sandbox = row.Bytes(10),
                Labels = new StoredLabels(row.Bytes(11)),
                CreatedAt = row.Time(12),
                UpdatedAt = row.Time(13),
            }),
            cancellationToken);

    /// <inheritdoc/>
    public void Images(
        Namespace ns,
        IReadOnlyList<string> filters,
        RecordVisitor<ImageView> visit,
        CancellationToken cancellationToken) => Run(
            $"SELECT {ImageTable.Columns} FROM image WHERE namespace = ? ORDER BY name",
            ns,
            filters,
            row => new ImageFields(ImageTable.ReadRow(row)),
            row => visit(new ImageView
            {
                Name = row.Bytes(0),
                MediaType = row.Bytes(1),
                Digest = row.Bytes(2),
                Size = row.Number(3),
                Annotations = new StoredLabels(row.Bytes(4)),
                Labels = new StoredLabels(row.Bytes(5)),
                CreatedAt = row.Time(6),
                UpdatedAt = row.Time(7),
            }),
            cancellationToken);

    /// <inheritdoc/>
    public void Leases(
        Namespace ns,
        IReadOnlyList<string> filters,
        RecordVisitor<LeaseView> visit,
        CancellationToken cancellationToken) => Run(
            $"SELECT {LeaseTable.Columns} FROM lease WHERE namespace = ? ORDER BY id",
            ns,
            filters,
            row => new LeaseFields(LeaseTable.ReadRow(row)),
            row => visit(new LeaseView
            {
                Id = row.Bytes(0),
                CreatedAt = row.Time(1),
                Labels = new StoredLabels(row.Bytes(2)),
            }),
            cancellationToken);

    /// <inheritdoc/>
    public string? Content(
        Namespace ns,
        IReadOnlyList<string> filters,
        string after,
        RecordVisitor<ContentView> visit,
        CancellationToken cancellationToken)
    {
        Filter filter = Filter.Parse(filters);
        return database.Read(connection =>
        {
            using Statement select = connection.Use(
                $"""
                SELECT {ContentTable.Columns} FROM content WHERE namespace = ? AND digest > ?
                ORDER BY digest LIMIT {PartRecords}
                """);
            select.Bind(ns.ToString()).Bind(after);
            return ReadPart(
                select,
                labels: 4,
                key: 0,
                row =>
                {
                    if (filter.IsAlways || filter.Matches(new ContentFields(ContentTable.ReadRow(row))))
                    {
                        visit(new ContentView
                        {
                            Digest = row.Bytes(0),
                            Size = row.Number(1),
                            CreatedAt = row.Time(2),
                            UpdatedAt = row.Time(3),
                            Labels = new StoredLabels(row.Bytes(4)),
                        });
                    }
                },
                cancellationToken);
        });
    }

    /// <inheritdoc/>
    public string? Snapshots(
        Namespace ns,
        string snapshotter,
        IReadOnlyList<string> filters,
        string after,
        RecordVisitor<SnapshotView> visit,
        CancellationToken cancellationToken)
    {
        ISnapshotDriver driver = drivers.TryGetValue(snapshotter, out ISnapshotDriver? found)
            ? found
            : throw Snapshotter.NotLoaded(snapshotter);
        Filter filter = Filter.Parse(filters);
        return database.Read(connection =>
        {
            using Statement select = SnapshotTable.SelectPart(connection, ns.ToString(), snapshotter, after, PartRecords);
            return ReadPart(
                select,
                labels: 9,
                key: 5,
                row =>
                {
                    if (filter.IsAlways
                        || filter.Matches(new SnapshotFields(Snapshotter.Shown(driver, SnapshotTable.ReadRow(row)))))
                    {
                        visit(new SnapshotView
                        {
                            Kind = (SnapshotKind)row.Number(4),
                            Name = row.Bytes(5),
                            Parent = row.Bytes(6),
                            CreatedAt = row.Time(7),
                            UpdatedAt = row.Time(8),
                            Labels = new StoredLabels(row.Bytes(9)),
                            OwnLabels = driver.OwnLabels(row.Number(0)),
                        });
                    }
                },
                cancellationToken);
        });
    }

    /// <summary>Reads rows until there are enough for a part.</summary>
    /// <returns>The key of the last row; null when there are no more.</returns>
    private static string? ReadPart(
        Statement select,
        int labels,
        int key,
        Action<Statement> visit,
        CancellationToken cancellationToken)
    {
        int records = 0;
        long length = 0;
        while (select.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            visit(select);
            records++;
            length += select.Bytes(labels).Length;
            if (records == PartRecords || length >= PartLabels)
            {
                return select.Text(key);
            }
        }

        return null;
    }

    private void Run(
        string sql,
        Namespace ns,
        IReadOnlyList<string> filters,
        Func<Statement, IFieldSource> fields,
        Action<Statement> visit,
        CancellationToken cancellationToken)
    {
        Filter filter = StoreFilter.Parse(filters);
        database.Read(connection =>
        {
            using Statement select = connection.Use(sql);
            select.Bind(ns.ToString());
            while (select.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (filter.IsAlways || filter.Matches(fields(select)))
                {
                    visit(select);
                }
            }

            return true;
        });
    }
}
