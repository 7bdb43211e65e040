using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Gantry.Storage.Sqlite;

/// <summary>
/// Connections for reading. In SQLite's write-ahead log a reader sees the last commit before it began and neither waits
/// for the writer nor holds it up.
/// </summary>
internal sealed class ReaderPool(string path) : IDisposable
{
    /// <summary>Connections that are kept open; more are opened when more readers come at once, and closed after.</summary>
    private const int MaxIdle = 8;

    private readonly ConcurrentBag<Connection> _idle = [];
    private volatile bool _closed;

    /// <summary>Reads. What is read in one statement is of one moment.</summary>
    public T Read<T>(Func<Connection, T> read)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        Connection? connection = null;
        try
        {
            connection = _idle.TryTake(out Connection? idle) ? idle : Connection.OpenReader(path);
            return read(connection);
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Translate(e);
        }
        finally
        {
            Return(connection);
        }
    }

    /// <summary>Reads, in as many statements as it takes, as the database was at one moment.</summary>
    public T ReadSnapshot<T>(Func<Connection, T> read) => Read(connection =>
    {
        connection.Execute("BEGIN");
        try
        {
            return read(connection);
        }
        finally
        {
            connection.Execute("COMMIT");
        }
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out Connection? connection))
        {
            connection.Dispose();
        }
    }

    private void Return(Connection? connection)
    {
        if (connection is null)
        {
            return;
        }

        if (_closed || connection.InTransaction || _idle.Count >= MaxIdle)
        {
            connection.Dispose();
            return;
        }

        _idle.Add(connection);
    }
}
