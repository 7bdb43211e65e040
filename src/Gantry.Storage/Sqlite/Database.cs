using Gantry.Core.Errors;
using Microsoft.Data.Sqlite;

namespace Gantry.Storage.Sqlite;

/// <summary>The metadata database: one writer, many readers, and the counters.</summary>
internal sealed class Database : IAsyncDisposable
{
    private readonly ReaderPool _readers;
    private readonly Checkpointer _checkpointer;

    private Database(string path, Connection connection, Counters counters)
    {
        Path = path;
        Counters = counters;
        Writes = new WriteQueue(connection, counters);
        _readers = new ReaderPool(path);
        _checkpointer = new Checkpointer(path);
        Writes.Committed += _checkpointer.Note;
    }

    /// <summary>The path of its file.</summary>
    public string Path { get; }

    /// <summary>The counters.</summary>
    public Counters Counters { get; }

    /// <summary>The writer.</summary>
    public WriteQueue Writes { get; }

    /// <summary>Opens the database and brings its schema up to date.</summary>
    /// <exception cref="GantryException">It can't be opened; DataLoss: it is damaged.</exception>
    public static Database Open(string path)
    {
        try
        {
            Connection connection = Connection.OpenWriter(path);
            try
            {
                Migrations.Run(connection);
                LogFile.Fill(path);
                return new Database(path, connection, ReadCounters(connection));
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            Exception known = SqliteErrors.Translate(e);
            ErrorKind kind = known is GantryException gantry ? gantry.Kind : ErrorKind.FailedPrecondition;
            throw new GantryException(kind, $"{path}: {known.Message}", e);
        }
    }

    /// <inheritdoc cref="ReaderPool.Read{T}"/>
    public T Read<T>(Func<Connection, T> read) => _readers.Read(read);

    /// <inheritdoc cref="ReaderPool.ReadSnapshot{T}"/>
    public T ReadSnapshot<T>(Func<Connection, T> read) => _readers.ReadSnapshot(read);

    /// <inheritdoc cref="WriteQueue.RunAsync{T}"/>
    public Task<T> WriteAsync<T>(Func<Writer, T> change, CancellationToken cancellationToken) =>
        Writes.RunAsync(change, cancellationToken);

    /// <inheritdoc cref="WriteQueue.RunAsync(Action{Writer}, CancellationToken)"/>
    public Task WriteAsync(Action<Writer> change, CancellationToken cancellationToken) =>
        Writes.RunAsync(change, cancellationToken);

    /// <inheritdoc cref="WriteQueue.RunUnsyncedAsync{T}"/>
    public Task<T> WriteUnsyncedAsync<T>(Func<Writer, T> change, CancellationToken cancellationToken) =>
        Writes.RunUnsyncedAsync(change, cancellationToken);

    /// <summary>Makes durable what was changed before.</summary>
    public Task SyncAsync(CancellationToken cancellationToken) => Writes.RunAsync(static _ => { }, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Writes.DisposeAsync();
        await _checkpointer.DisposeAsync();
        _readers.Dispose();
    }

    private static Counters ReadCounters(Connection connection)
    {
        using Statement statement = connection.Use("SELECT sequence, snapshot_id FROM counter");
        return statement.Read()
            ? new Counters(statement.Number(0), statement.Number(1))
            : throw new GantryException(ErrorKind.DataLoss, "metadata database has no counters");
    }
}
