using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gantry.Core.Errors;

namespace Gantry.Storage.Sqlite;

/// <summary>
/// The one writer of the database. Changes of many callers go into one transaction, so that one fsync makes them all
/// durable: group commit. No change waits for anything but the database.
/// </summary>
/// <remarks>
/// For each batch, which is whatever has come while the last one was being committed:
/// <list type="number">
/// <item>begin a transaction;</item>
/// <item>run each change within a savepoint, to which a change that fails is rolled back alone;</item>
/// <item>save the counters and commit;</item>
/// <item>tell the callers.</item>
/// </list>
/// </remarks>
internal sealed class WriteQueue : IAsyncDisposable
{
    private const int MaxWaiting = 4096;
    private const int MaxBatch = 512;

    private readonly Connection _connection;
    private readonly Counters _counters;
    private readonly Writer _writer;
    private readonly Channel<WriteRequest> _requests =
        Channel.CreateBounded<WriteRequest>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    private readonly Task _loop;

    /// <summary>Starts the writer; it owns the connection.</summary>
    public WriteQueue(Connection connection, Counters counters)
    {
        _connection = connection;
        _counters = counters;
        _writer = new Writer(connection, counters);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Called with the number of changes after each commit that made any.</summary>
    public Action<int>? Committed { get; set; }

    /// <summary>Makes a change. When the task ends well the change is durable; when it fails nothing has happened.</summary>
    /// <param name="change">The change; it must not wait, and must not call the queue.</param>
    /// <param name="cancellationToken">Has an effect only until the change is begun.</param>
    public async Task<T> RunAsync<T>(Func<Writer, T> change, CancellationToken cancellationToken)
    {
        WriteRequest<T> request = new(change, cancellationToken);
        if (!_requests.Writer.TryWrite(request))
        {
            try
            {
                await _requests.Writer.WriteAsync(request, cancellationToken);
            }
            catch (ChannelClosedException e)
            {
                throw new GantryException(ErrorKind.Unavailable, "metadata store is closed", e);
            }
        }

        return await request.Task;
    }

    /// <summary>Makes a change that gives no result.</summary>
    public Task RunAsync(Action<Writer> change, CancellationToken cancellationToken) =>
        RunAsync(
            writer =>
            {
                change(writer);
                return true;
            },
            cancellationToken);

    /// <summary>Ends the writer, after what was asked of it so far.</summary>
    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _loop;
        _connection.Dispose();
    }

    private async Task RunAsync()
    {
        List<WriteRequest> batch = new(MaxBatch);
        while (await _requests.Reader.WaitToReadAsync())
        {
            while (batch.Count < MaxBatch && _requests.Reader.TryRead(out WriteRequest? request))
            {
                if (request.IsCanceled)
                {
                    request.Cancel();
                }
                else
                {
                    batch.Add(request);
                }
            }

            if (batch.Count > 0)
            {
                int changes = Commit(batch);
                foreach (WriteRequest request in batch)
                {
                    request.Complete();
                }

                batch.Clear();
                if (changes > 0)
                {
                    Committed?.Invoke(changes);
                }
            }
        }
    }

    /// <summary>Runs a batch; afterwards each request knows its error, if it has one.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "whatever fails here is reported to the callers of the batch")]
    private int Commit(List<WriteRequest> batch)
    {
        try
        {
            if (_connection.InTransaction)
            {
                // The last one could not even be rolled back: the disk was failing.
                Run("ROLLBACK");
            }

            Run("BEGIN IMMEDIATE");
            int changes = 0;
            foreach (WriteRequest request in batch)
            {
                changes += RunOne(request) ? 1 : 0;
            }

            if (changes == 0)
            {
                Run("ROLLBACK");
                return 0;
            }

            using (Statement save = _connection.Use("UPDATE counter SET sequence = ?, snapshot_id = ?"))
            {
                save.Bind(_counters.Sequence).Bind(_counters.SnapshotId).Run();
            }

            Run("COMMIT");
            return changes;
        }
        catch (Exception e)
        {
            Exception error = SqliteErrors.Translate(e);
            foreach (WriteRequest request in batch)
            {
                request.Error ??= error;
            }

            if (_connection.InTransaction)
            {
                RollBack(batch);
            }

            return 0;
        }
    }

    /// <summary>Runs one change. An error of its own is its own; one that ends the transaction goes on.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "a change's error is reported to its caller")]
    private bool RunOne(WriteRequest request)
    {
        Run("SAVEPOINT change");
        try
        {
            request.Run(_writer);
        }
        catch (Exception e) when (_connection.InTransaction)
        {
            request.Error = SqliteErrors.Translate(e);
            Run("ROLLBACK TO change");
            Run("RELEASE change");
            return false;
        }

        Run("RELEASE change");
        return true;
    }

    private void Run(string sql)
    {
        using Statement statement = _connection.Use(sql);
        statement.Run();
    }

    [SuppressMessage("Design", "CA1031", Justification = "the error that led here is the one to report")]
    private void RollBack(List<WriteRequest> batch)
    {
        try
        {
            Run("ROLLBACK");
        }
        catch (Exception e)
        {
            foreach (WriteRequest request in batch)
            {
                request.Error = new AggregateException(request.Error!, e);
            }
        }
    }
}
