using Gantry.Core.Containers;
using Gantry.Core.Filters;
using Gantry.Core.Images;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Storage.Containers;
using Gantry.Storage.Images;
using Gantry.Storage.Leases;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Metadata;

/// <inheritdoc cref="IRecordScan"/>
internal sealed class RecordScan(Database database) : IRecordScan
{
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
