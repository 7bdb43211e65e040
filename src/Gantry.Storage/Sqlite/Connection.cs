using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gantry.Storage.Sqlite;

/// <summary>A connection to the database with its prepared statements. It serves one caller at a time.</summary>
internal sealed class Connection : IDisposable
{
    /// <summary>
    /// When the log is this long, the writer itself moves it into the database; else <see cref="Checkpointer"/> does.
    /// </summary>
    private const int MaxLogPages = 1000;

    private readonly SqliteConnection _connection;
    private readonly sqlite3 _handle;
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);

    private Connection(SqliteConnection connection)
    {
        _connection = connection;
        _handle = connection.Handle ?? throw new InvalidOperationException("the connection is not open");
    }

    /// <summary>Whether the database is mapped into memory.</summary>
    public bool IsMapped { get; private set; }

    /// <summary>Whether a transaction is under way.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>Opens the database for reading and writing, and makes it if need be.</summary>
    public static Connection OpenWriter(string path)
    {
        Connection connection = Open(path, SqliteOpenMode.ReadWriteCreate);
        connection.Execute("PRAGMA journal_mode=WAL");
        connection.SetSynced(true);
        connection.Execute("PRAGMA foreign_keys=ON");
        connection.Execute("PRAGMA journal_size_limit=67108864");
        connection.Execute("PRAGMA cache_size=-4000");
        connection.Execute($"PRAGMA wal_autocheckpoint={MaxLogPages}");
        return connection;
    }

    /// <summary>Opens a database that exists, to move what is in its log into it.</summary>
    public static Connection OpenCheckpointer(string path)
    {
        Connection connection = Open(path, SqliteOpenMode.ReadWrite);
        connection.Execute("PRAGMA synchronous=FULL");
        return connection;
    }

    /// <summary>Opens a database that exists for reading.</summary>
    /// <param name="path">The database.</param>
    /// <param name="isMapped">Whether it is mapped into memory: long lists then cost no call for each page.</param>
    public static Connection OpenReader(string path, bool isMapped)
    {
        Connection connection = Open(path, SqliteOpenMode.ReadWrite);
        connection.IsMapped = isMapped;
        connection.Execute("PRAGMA query_only=ON");
        if (isMapped)
        {
            connection.Execute("PRAGMA mmap_size=268435456");
        }

        // What is still in the log is read into memory of the connection's own, and there are several.
        connection.Execute("PRAGMA cache_size=-512");
        return connection;
    }

    /// <summary>Opens a database that exists, to copy it.</summary>
    public static Connection OpenForBackup(string path) => Open(path, SqliteOpenMode.ReadWrite);

    /// <summary>A statement, prepared once in the life of the connection. The caller disposes it after each use.</summary>
    public Statement Use(string sql)
    {
        if (!_statements.TryGetValue(sql, out Statement? statement))
        {
            statement = new Statement(_handle, sql);
            _statements.Add(sql, statement);
        }

        return statement.Begin();
    }

    /// <summary>Runs one statement, or several, that are not worth keeping.</summary>
    public void Execute(string sql) =>
        Check(_handle, raw.sqlite3_exec(_handle, sql), sql);

    /// <summary>Says whether commits are synced, outside of a transaction; a synced one syncs all before it.</summary>
    public void SetSynced(bool synced) => Execute(synced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Statement statement in _statements.Values)
        {
            statement.Free();
        }

        _connection.Dispose();
    }

    /// <summary>Throws when a call has failed.</summary>
    internal static void Check(sqlite3 database, int result, string sql)
    {
        if (result != raw.SQLITE_OK)
        {
            throw SqliteErrors.Of(database, result, sql);
        }
    }

    private static Connection Open(string path, SqliteOpenMode mode)
    {
        SqliteConnectionStringBuilder builder = new()
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
        };
        SqliteConnection connection = new(builder.ConnectionString);
        try
        {
            connection.Open();
            Connection opened = new(connection);
            opened.Execute("PRAGMA busy_timeout=10000");
            opened.Execute("PRAGMA temp_store=MEMORY");
            return opened;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
