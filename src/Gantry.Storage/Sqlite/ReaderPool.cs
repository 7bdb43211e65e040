using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Gantry.Storage.Sqlite;

/// <summary>
/// Connections for reading. In SQLite's write-ahead log a reader sees the last commit before it began and neither waits
/// for the writer nor holds it up. One connection has the database mapped, and is the first to be used: mapped by each,
/// a large database would count as often against the daemon's memory.
/// </summary>
internal sealed class ReaderPool(string path) : IDisposable
{
    /// <summary>Connections that are kept open; more are opened when more readers come at once, and closed after.</summary>
    private const int MaxIdle = 8;

    private readonly ConcurrentBag<Connection> _idle = [];
    private Connection? _mapped;
    private int _hasMapped;
    private volatile bool _closed;

    /// <summary>Reads. What is read in one statement is of one moment.</summary>
    public T Read<T>(Func<Connection, T> read)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        Connection? connection = null;
        try
        {
            connection = Take();
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
        Interlocked.Exchange(ref _mapped, null)?.Dispose();
        while (_idle.TryTake(out Connection? connection))
        {
            connection.Dispose();
        }
    }

    private Connection Take()
    {
        if (Interlocked.Exchange(ref _mapped, null) is { } mapped)
        {
            return mapped;
        }

        if (Interlocked.Exchange(ref _hasMapped, 1) == 0)
        {
            try
            {
                return Connection.OpenReader(path, isMapped: true);
            }
            catch
            {
                Volatile.Write(ref _hasMapped, 0);
                throw;
            }
        }

        return _idle.TryTake(out Connection? idle) ? idle : Connection.OpenReader(path, isMapped: false);
    }

    private void Return(Connection? connection)
    {
        if (connection is null)
        {
            return;
        }

        bool isKept = !_closed && !connection.InTransaction && (connection.IsMapped || _idle.Count < MaxIdle);
        if (isKept && connection.IsMapped)
        {
            Volatile.Write(ref _mapped, connection);
        }
        else if (isKept)
        {
            _idle.Add(connection);
        }
        else
        {
            bool wasMapped = connection.IsMapped;
            connection.Dispose();
            if (wasMapped)
            {
                Volatile.Write(ref _hasMapped, 0);
            }
        }
    }
}
