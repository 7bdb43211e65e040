using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Gantry.Storage.Sqlite;

/// <summary>
/// Moves the log into the database from time to time, so that no change waits while that is done.
/// </summary>
/// <remarks>
/// SQLite's passive checkpoint runs beside the writer and the readers: it syncs the log, copies its pages into the
/// database as far as no reader looks at older ones, and syncs the database. The log begins anew with the first change
/// that finds all of it copied. While changes never cease that does not happen; so the writer makes a checkpoint too, when the
/// log has become long (<c>wal_autocheckpoint</c>). Little is left to copy then.
/// </remarks>
internal sealed class Checkpointer : IAsyncDisposable
{
    private const int ChangesBetween = 200;

    private readonly Connection _connection;
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Task _loop;
    private int _changes;

    /// <summary>Starts.</summary>
    /// <param name="path">The database.</param>
    public Checkpointer(string path)
    {
        _connection = Connection.OpenCheckpointer(path);
        _loop = RunAsync();
    }

    /// <summary>Tells that changes were committed.</summary>
    public void Note(int changes)
    {
        if (Interlocked.Add(ref _changes, changes) >= ChangesBetween)
        {
            Interlocked.Exchange(ref _changes, 0);
            _signal.Writer.TryWrite(true);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _signal.Writer.TryComplete();
        await _loop;
        _connection.Dispose();
    }

    private async Task RunAsync()
    {
        while (await _signal.Reader.WaitToReadAsync())
        {
            _signal.Reader.TryRead(out _);
            await BackgroundWork.RunAsync(Checkpoint);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "nothing is lost: the writer makes a checkpoint, and tells of errors")]
    private bool Checkpoint()
    {
        try
        {
            _connection.Execute("PRAGMA wal_checkpoint(PASSIVE)");
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }
}
