using Gantry.Core.Containers;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Containers;

/// <summary>The table of containers, as others than their store also use it.</summary>
internal static class ContainerTable
{
    /// <summary>The columns, but for the namespace.</summary>
    public const string Columns =
        "id, image, runtime, runtime_options_type, runtime_options, spec_type, spec, snapshotter, snapshot_key, "
        + "extensions, sandbox, labels, created_at, updated_at";

    /// <summary>Adds a container, and the references that it makes.</summary>
    /// <returns>False when the id is taken; nothing is changed then.</returns>
    public static bool Insert(Writer writer, string ns, ContainerRecord container)
    {
        using (Statement insert = writer.Use(
            $"""
            INSERT INTO container (namespace, {Columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (namespace, id) DO NOTHING
            """))
        {
            insert.Bind(ns).Bind(container.Id).Bind(container.Image).Bind(container.RuntimeName)
                .Bind(container.RuntimeOptions)
                .Bind(container.Spec)
                .Bind(container.Snapshotter).Bind(container.SnapshotKey)
                .Bind(ExtensionCodec.Encode(container.Extensions)).Bind(container.Sandbox)
                .Bind(Labels.Encode(container.Labels)).Bind(container.CreatedAt).Bind(container.UpdatedAt);
            if (insert.Run() == 0)
            {
                return false;
            }
        }

        ReferenceTable.Add(writer, ns, NodeKind.Container, container.Id, References(container));
        return true;
    }

    /// <summary>The references that a container makes.</summary>
    public static List<Reference> References(ContainerRecord container)
    {
        List<Reference> references = LabelReferences.Read(NodeKind.Container, container.Labels);
        if (container.Snapshotter.Length > 0 && container.SnapshotKey.Length > 0)
        {
            references.Add(
                Reference.ToSnapshot(ReferenceRole.Part, container.Snapshotter, container.SnapshotKey));
        }

        return references;
    }

    /// <summary>A container from a row of <see cref="Columns"/>.</summary>
    public static ContainerRecord ReadRow(Statement row) => new(row.Text(0))
    {
        Image = row.Text(1),
        RuntimeName = row.Text(2),
        RuntimeOptions = row.Typed(3),
        Spec = row.Typed(5),
        Snapshotter = row.Text(7),
        SnapshotKey = row.Text(8),
        Extensions = ExtensionCodec.Decode(row.Bytes(9)),
        Sandbox = row.Text(10),
        Labels = Labels.Decode(row.Bytes(11)),
        CreatedAt = row.Time(12),
        UpdatedAt = row.Time(13),
    };
}
