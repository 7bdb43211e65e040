using Gantry.Core.Errors;
using Gantry.Core.Leases;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Leases;

/// <summary>What other stores do with the lease that a request came under.</summary>
internal static class LeaseTable
{
    /// <summary>The columns that <see cref="ReadRow"/> reads.</summary>
    public const string Columns = "id, created_at, labels";

    /// <summary>A lease from a row of <see cref="Columns"/>.</summary>
    public static Lease ReadRow(Statement row) => new(row.Text(0), row.Time(1), Labels.Decode(row.Bytes(2)));

    /// <summary>Adds a lease.</summary>
    /// <returns>False when the id is taken; nothing is changed then.</returns>
    public static bool Insert(Writer writer, string ns, Lease lease)
    {
        using Statement insert = writer.Use(
            """
            INSERT INTO lease (namespace, id, labels, flat, expires_at, created_at, sequence)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, id) DO NOTHING
            """);
        return insert.Bind(ns).Bind(lease.Id).Bind(Labels.Encode(lease.Labels))
            .Bind(GcLabels.IsFlat(lease.Labels) ? 1 : 0).Bind(GcLabels.Expiry(lease.Labels))
            .Bind(lease.CreatedAt).Bind(writer.NextSequence()).Run() == 1;
    }

    /// <summary>Adds an object to the lease of the request, if it has one.</summary>
    /// <exception cref="GantryException">NotFound: there is no such lease.</exception>
    public static void Attach(Writer writer, string ns, string? lease, NodeKind kind, string key)
    {
        if (lease is null)
        {
            return;
        }

        RequireForRequest(writer.Connection, ns, lease);
        ReferenceTable.Add(writer, ns, NodeKind.Lease, lease, new Reference(ReferenceRole.Leased, kind, key));
    }

    /// <summary>Takes an object from the lease of the request, if it has one and that holds it.</summary>
    public static void Detach(Writer writer, string ns, string? lease, NodeKind kind, string key)
    {
        if (lease is not null)
        {
            ReferenceTable.Remove(writer, ns, NodeKind.Lease, lease, new Reference(ReferenceRole.Leased, kind, key));
        }
    }

    /// <summary>Checks that the lease of the request exists, if it has one.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    public static void RequireForRequest(Connection connection, string ns, string? lease)
    {
        if (lease is not null && !Exists(connection, ns, lease))
        {
            throw new GantryException(ErrorKind.NotFound, "lease does not exist");
        }
    }

    /// <summary>Whether a lease exists.</summary>
    public static bool Exists(Connection connection, string ns, string lease)
    {
        using Statement select = connection.Use("SELECT 1 FROM lease WHERE namespace = ? AND id = ?");
        return select.Bind(ns).Bind(lease).Read();
    }
}
