using Gantry.Core.Sandboxes;
using Gantry.Storage.Containers;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Sandboxes;

/// <summary>The table of sandboxes, as others than their store also use it.</summary>
internal static class SandboxTable
{
    /// <summary>The columns, but for the namespace.</summary>
    public const string Columns =
        "id, sandboxer, runtime, runtime_options_type, runtime_options, spec_type, spec, extensions, labels, created_at, "
        + "updated_at";

    /// <summary>Adds a sandbox, and the references that its labels make.</summary>
    /// <returns>False when the id is taken; nothing is changed then.</returns>
    public static bool Insert(Writer writer, string ns, SandboxRecord sandbox)
    {
        using (Statement insert = writer.Use(
            $"""
            INSERT INTO sandbox (namespace, {Columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (namespace, id) DO NOTHING
            """))
        {
            insert.Bind(ns).Bind(sandbox.Id).Bind(sandbox.Sandboxer).Bind(sandbox.RuntimeName)
                .Bind(sandbox.RuntimeOptions)
                .Bind(sandbox.Spec)
                .Bind(ExtensionCodec.Encode(sandbox.Extensions))
                .Bind(Labels.Encode(sandbox.Labels)).Bind(sandbox.CreatedAt).Bind(sandbox.UpdatedAt);
            if (insert.Run() == 0)
            {
                return false;
            }
        }

        ReferenceTable.Add(writer, ns, NodeKind.Sandbox, sandbox.Id, References(sandbox));
        return true;
    }

    /// <summary>The references that a sandbox makes.</summary>
    public static List<Reference> References(SandboxRecord sandbox) =>
        LabelReferences.Read(NodeKind.Sandbox, sandbox.Labels);

    /// <summary>A sandbox from a row of <see cref="Columns"/>.</summary>
    public static SandboxRecord ReadRow(Statement row) => new(row.Text(0))
    {
        Sandboxer = row.Text(1),
        RuntimeName = row.Text(2),
        RuntimeOptions = row.Typed(3),
        Spec = row.Typed(5),
        Extensions = ExtensionCodec.Decode(row.Bytes(7)),
        Labels = Labels.Decode(row.Bytes(8)),
        CreatedAt = row.Time(9),
        UpdatedAt = row.Time(10),
    };
}
