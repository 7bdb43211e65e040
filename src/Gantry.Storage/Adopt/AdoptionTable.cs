using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Adopt;

/// <summary>The table that remembers a take-over.</summary>
internal static class AdoptionTable
{
    /// <summary>Remembers one.</summary>
    public static void Insert(Writer writer, AdoptionReport report, DateTimeOffset now)
    {
        using Statement insert = writer.Use(
            "INSERT INTO adoption (id, path, schema_version, txid, adopted_at) VALUES (0, ?, ?, ?, ?)");
        insert.Bind(report.Path).Bind(report.SchemaVersion).Bind(report.TransactionId).Bind(now).Run();
    }

    /// <summary>The take-over that this database came from; null when it was made empty.</summary>
    public static AdoptionRecord? Find(Connection connection)
    {
        using Statement select = connection.Use("SELECT path, schema_version, txid, adopted_at FROM adoption");
        return select.Read()
            ? new AdoptionRecord(select.Text(0), (int)select.Number(1), select.Number(2), select.Time(3))
            : null;
    }
}
