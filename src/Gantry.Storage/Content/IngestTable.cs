using Gantry.Oci.Image;
using Gantry.Storage.Gc;
using Gantry.Storage.Sqlite;
using Reference = Gantry.Storage.Gc.Reference;

namespace Gantry.Storage.Content;

/// <summary>The table of ingests.</summary>
internal static class IngestTable
{
    private const string Columns = "namespace, ref, backend, total, expected, started_at";

    /// <summary>One ingest; null when there is none of that ref.</summary>
    public static Ingest? Find(Connection connection, string ns, string reference)
    {
        using Statement select = connection.Use($"SELECT {Columns} FROM ingest WHERE namespace = ? AND ref = ?");
        return select.Bind(ns).Bind(reference).Read() ? ReadRow(select) : null;
    }

    /// <summary>The ingests of a namespace, by ref.</summary>
    public static List<Ingest> List(Connection connection, string ns)
    {
        using Statement select = connection.Use($"SELECT {Columns} FROM ingest WHERE namespace = ? ORDER BY ref");
        return select.Bind(ns).ReadAll(ReadRow);
    }

    /// <summary>The names on disk of all ingests.</summary>
    public static List<string> ListBackends(Connection connection)
    {
        using Statement select = connection.Use("SELECT backend FROM ingest");
        return select.ReadAll(row => row.Text(0));
    }

    /// <summary>Adds an ingest, or changes what is known of it.</summary>
    public static void Put(Writer writer, Ingest ingest, DateTimeOffset? expiresAt)
    {
        using (Statement insert = writer.Use(
            """
            INSERT INTO ingest (namespace, ref, backend, total, expected, started_at, expires_at, sequence)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (namespace, ref) DO UPDATE SET
                total = excluded.total, expected = excluded.expected, expires_at = excluded.expires_at,
                sequence = excluded.sequence
            """))
        {
            long? expiry = expiresAt is { } time ? StoredTime.ToTicks(time) : null;
            insert.Bind(ingest.Namespace).Bind(ingest.Reference).Bind(ingest.Backend).Bind(ingest.Total)
                .Bind(ingest.Expected.ToString()).Bind(ingest.StartedAt).Bind(expiry)
                .Bind(writer.NextSequence()).Run();
        }

        List<Reference> references = ingest.Expected.IsEmpty
            ? []
            : [new Reference(ReferenceRole.Part, NodeKind.Content, ingest.Expected.ToString())];
        ReferenceTable.Replace(writer, ingest.Namespace, NodeKind.Ingest, ingest.Reference, references);
    }

    /// <summary>Removes an ingest.</summary>
    /// <returns>False when there is none of that ref.</returns>
    public static bool Delete(Writer writer, string ns, string reference)
    {
        using Statement delete = writer.Use("DELETE FROM ingest WHERE namespace = ? AND ref = ?");
        if (delete.Bind(ns).Bind(reference).Run() == 0)
        {
            return false;
        }

        ReferenceTable.RemoveAll(writer, ns, NodeKind.Ingest, reference);
        return true;
    }

    private static Ingest ReadRow(Statement row) => new(
        row.Text(0),
        row.Text(1),
        row.Text(2),
        row.Number(3),
        Digest.TryParse(row.Text(4), out Digest expected) ? expected : default,
        row.Time(5));
}
