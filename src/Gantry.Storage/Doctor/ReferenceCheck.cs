using Gantry.Core.Maintenance;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;
using Reference = Gantry.Storage.Gc.Reference;

namespace Gantry.Storage.Doctor;

/// <summary>
/// Holds the table of references, by which the collector decides, against the records: what each says by its labels and
/// fields, computed anew here, must be in the table, and nothing else.
/// </summary>
internal sealed class ReferenceCheck(DoctorContext context)
{
    private const string Area = "database";

    /// <summary>Every object that may own references, but for leases and activations, whose references say it all.</summary>
    private const string Owners =
        """
        SELECT namespace, 1, digest FROM content
        UNION ALL SELECT namespace, 2, snapshotter || '/' || name FROM snapshot
        UNION ALL SELECT namespace, 3, id FROM container
        UNION ALL SELECT namespace, 4, name FROM image
        UNION ALL SELECT namespace, 6, ref FROM ingest
        UNION ALL SELECT namespace, 8, id FROM sandbox
        """;

    /// <summary>Owners of references that do not exist.</summary>
    private const string Missing =
        """
        SELECT DISTINCT namespace, kind, key FROM reference AS r WHERE NOT CASE kind
            WHEN 1 THEN EXISTS (SELECT 1 FROM content AS o WHERE o.namespace = r.namespace AND o.digest = r.key)
            WHEN 2 THEN EXISTS (SELECT 1 FROM snapshot AS o WHERE o.namespace = r.namespace
                AND o.snapshotter = substr(r.key, 1, instr(r.key, '/') - 1)
                AND o.name = substr(r.key, instr(r.key, '/') + 1))
            WHEN 3 THEN EXISTS (SELECT 1 FROM container AS o WHERE o.namespace = r.namespace AND o.id = r.key)
            WHEN 4 THEN EXISTS (SELECT 1 FROM image AS o WHERE o.namespace = r.namespace AND o.name = r.key)
            WHEN 5 THEN EXISTS (SELECT 1 FROM lease AS o WHERE o.namespace = r.namespace AND o.id = r.key)
            WHEN 6 THEN EXISTS (SELECT 1 FROM ingest AS o WHERE o.namespace = r.namespace AND o.ref = r.key)
            WHEN 7 THEN EXISTS (SELECT 1 FROM activation AS o WHERE o.namespace = r.namespace AND o.name = r.key)
            WHEN 8 THEN EXISTS (SELECT 1 FROM sandbox AS o WHERE o.namespace = r.namespace AND o.id = r.key)
            ELSE 0 END
        """;

    /// <summary>Runs the check.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        (List<Owner> wrong, List<Owner> missing) = await Task.Run(
            () => context.Database.ReadSnapshot(connection => (
                ReadOwners(connection, Owners).Where(owner => Differs(connection, owner)).ToList(),
                ReadOwners(connection, Missing).ToList())),
            cancellationToken);
        foreach (Owner owner in wrong)
        {
            await context.FoundAsync(
                new Finding(
                    FindingSeverity.Error,
                    Area,
                    owner.ToString(),
                    "its references are not what its record says, so the collector may remove what it needs",
                    "the references are written anew"),
                () => RewriteAsync(owner, cancellationToken));
        }

        foreach (Owner owner in missing)
        {
            await context.FoundAsync(
                new Finding(
                    FindingSeverity.Warning,
                    Area,
                    owner.ToString(),
                    "it is not there, but has references",
                    "the references are removed"),
                () => RewriteAsync(owner, cancellationToken));
        }
    }

    private static IEnumerable<Owner> ReadOwners(Connection connection, string sql)
    {
        using Statement select = connection.Use(sql);
        while (select.Read())
        {
            yield return new Owner(select.Text(0), (NodeKind)select.Number(1), select.Text(2));
        }
    }

    private static bool Differs(Connection connection, Owner owner)
    {
        List<Reference> stored = ReferenceTable.List(connection, owner.Namespace, owner.Kind, owner.Key);
        HashSet<Reference>? wanted = Wanted(connection, owner);
        return wanted is not null && !wanted.SetEquals(stored);
    }

    private async Task<string?> RewriteAsync(Owner owner, CancellationToken cancellationToken)
    {
        await context.Database.WriteAsync(
            writer =>
            {
                // What a lease holds is in no other place: it goes only with the lease.
                HashSet<Reference>? wanted = Wanted(writer.Connection, owner);
                if (wanted is null || owner.Kind is not (NodeKind.Lease or NodeKind.Activation))
                {
                    ReferenceTable.Replace(writer, owner.Namespace, owner.Kind, owner.Key, [.. wanted ?? []]);
                }
            },
            cancellationToken);
        return null;
    }

    /// <summary>What an owner's record says; null when there is no record.</summary>
    private static HashSet<Reference>? Wanted(Connection connection, Owner owner)
    {
        (string sql, string key, string? snapshotter) = owner.Kind switch
        {
            NodeKind.Content => ("SELECT labels, '', '' FROM content WHERE namespace = ? AND digest = ?", owner.Key, null),
            NodeKind.Snapshot => (
                """
                SELECT s.labels, coalesce(p.name, ''), s.snapshotter FROM snapshot AS s
                LEFT JOIN snapshot AS p ON p.snapshotter = s.snapshotter AND p.id = s.parent
                WHERE s.namespace = ? AND s.name = ? AND s.snapshotter = ?
                """,
                owner.SnapshotName,
                owner.Snapshotter),
            NodeKind.Container => (
                "SELECT labels, snapshot_key, snapshotter FROM container WHERE namespace = ? AND id = ?", owner.Key, null),
            NodeKind.Sandbox => ("SELECT labels, '', '' FROM sandbox WHERE namespace = ? AND id = ?", owner.Key, null),
            NodeKind.Image => ("SELECT labels, digest, '' FROM image WHERE namespace = ? AND name = ?", owner.Key, null),
            NodeKind.Ingest => ("SELECT '{}', expected, '' FROM ingest WHERE namespace = ? AND ref = ?", owner.Key, null),
            NodeKind.Activation => ("SELECT '{}', '', '' FROM activation WHERE namespace = ? AND name = ?", owner.Key, null),
            _ => ("SELECT '{}', '', '' FROM lease WHERE namespace = ? AND id = ?", owner.Key, (string?)null),
        };
        using Statement select = connection.Use(sql);
        select.Bind(owner.Namespace).Bind(key);
        if (snapshotter is not null)
        {
            select.Bind(snapshotter);
        }

        if (!select.Read())
        {
            return null;
        }

        HashSet<Reference> wanted = [.. LabelReferences.Read(owner.Kind, Labels.Decode(select.Bytes(0)))];
        string part = select.Text(1);
        string of = select.Text(2);
        if (part.Length > 0 && of.Length > 0)
        {
            wanted.Add(Reference.ToSnapshot(ReferenceRole.Part, of, part));
        }
        else if (part.Length > 0 && owner.Kind != NodeKind.Container)
        {
            wanted.Add(new Reference(ReferenceRole.Part, NodeKind.Content, part));
        }

        return wanted;
    }

    private readonly record struct Owner(string Namespace, NodeKind Kind, string Key)
    {
        public string Snapshotter => Key[..Math.Max(0, Key.IndexOf('/', StringComparison.Ordinal))];

        public string SnapshotName => Key[(Key.IndexOf('/', StringComparison.Ordinal) + 1)..];

        public override string ToString() => $"{Namespace}: {Kind.ToString().ToLowerInvariant()} {Key}";
    }
}
