using Gantry.Core.Errors;
using Gantry.Storage.Mounts;
using Gantry.Storage.Sandboxes;

namespace Gantry.Storage.Sqlite;

/// <summary>Brings a database to the schema of this program, one version at a time and only forward.</summary>
internal static class Migrations
{
    /// <summary>The versions: entry N leads from version N to N + 1. An entry is never changed once released.</summary>
    private static readonly string[] Steps = [SchemaSql.Version1, SchemaSql.Version2, ActivationSql.Version, SandboxSql.Version];

    /// <summary>The version that this program works with.</summary>
    public static int Current => Steps.Length;

    /// <summary>Migrates; each step is one transaction.</summary>
    /// <exception cref="GantryException">FailedPrecondition: the database is newer than this program.</exception>
    public static void Run(Connection connection)
    {
        connection.Execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT");
        long version = ReadVersion(connection);
        if (version > Current)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"metadata database has schema version {version}, this program knows {Current} at most");
        }

        for (long step = version; step < Current; step++)
        {
            connection.Execute(
                $"""
                BEGIN IMMEDIATE;
                {Steps[step]}
                DELETE FROM schema_version;
                INSERT INTO schema_version (version) VALUES ({step + 1});
                COMMIT;
                """);
        }
    }

    private static long ReadVersion(Connection connection)
    {
        using Statement statement = connection.Use("SELECT max(version) FROM schema_version");
        return statement.Read() ? statement.Number(0) : 0;
    }
}
