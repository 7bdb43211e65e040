using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gantry.Core.Errors;

namespace Gantry.Storage.Sqlite;

/// <summary>
/// The one writer of the database. Changes of many callers go into one transaction, so that one fsync makes them all
/// durable: group commit. No change waits for anything but the database.
/// </summary>
/// <remarks>
/// A caller that finds the writer at rest commits its own change, so that a single change waits for no other thread;
/// what has come meanwhile is left to the thread pool. For each batch, which is whatever has come while the last one was
/// being committed:
/// <list type="number">
/// <item>begin a transaction;</item>
/// <item>run each change, one of several within a savepoint, to which a change that fails is rolled back alone;</item>
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

    // Held by the thread that commits. The batch is its.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<WriteRequest> _batch = new(MaxBatch);
    private bool _synced = true;

    /// <summary>Starts the writer; it owns the connection.</summary>
    public WriteQueue(Connection connection, Counters counters)
    {
        _connection = connection;
        _counters = counters;
        _writer = new Writer(connection, counters);
    }

    /// <summary>Called with the number of changes after each commit that made any.</summary>
    public Action<int>? Committed { get; set; }

    /// <summary>Makes a change. When the task ends well the change is durable; when it fails nothing has happened.</summary>
    /// <param name="change">The change; it must not wait, and must not call the queue.</param>
    /// <param name="cancellationToken">Has an effect only until the change is begun.</param>
    public Task<T> RunAsync<T>(Func<Writer, T> change, CancellationToken cancellationToken) =>
        SubmitAsync(new WriteRequest<T>(change, isDurable: true, cancellationToken), cancellationToken);

    /// <summary>
    /// Makes a change that outlives the daemon at once, and a loss of power from the next synced change on, which never
    /// overtakes it. It is for what is worth nothing without a later change.
    /// </summary>
    /// <inheritdoc cref="RunAsync{T}(Func{Writer, T}, CancellationToken)"/>
    public Task<T> RunUnsyncedAsync<T>(Func<Writer, T> change, CancellationToken cancellationToken) =>
        SubmitAsync(new WriteRequest<T>(change, isDurable: false, cancellationToken), cancellationToken);

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
        await _turn.WaitAsync();
        while (CommitNext())
        {
        }

        _connection.Dispose();
        _turn.Release();
    }

    private async Task<T> SubmitAsync<T>(WriteRequest<T> request, CancellationToken cancellationToken)
    {
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

        if (_turn.Wait(0, CancellationToken.None))
        {
            CommitNext();
            Release();
        }

        return await request.Task;
    }

    /// <summary>Gives up the turn, or hands it to the thread pool when there is more to commit.</summary>
    private void Release()
    {
        do
        {
            if (_requests.Reader.TryPeek(out _))
            {
                ThreadPool.UnsafeQueueUserWorkItem(static queue => queue.CommitWaiting(), this, preferLocal: false);
                return;
            }

            _turn.Release();

            // One that came between the look and the release found the turn taken.
        }
        while (_requests.Reader.TryPeek(out _) && _turn.Wait(0, CancellationToken.None));
    }

    private void CommitWaiting()
    {
        CommitNext();
        Release();
    }

    /// <summary>Commits what waits, as one batch.</summary>
    /// <returns>Whether there was anything.</returns>
    private bool CommitNext()
    {
        while (_batch.Count < MaxBatch && _requests.Reader.TryRead(out WriteRequest? request))
        {
            if (request.IsCanceled)
            {
                request.Cancel();
            }
            else
            {
                _batch.Add(request);
            }
        }

        if (_batch.Count == 0)
        {
            return false;
        }

        int changes = Commit(_batch);
        foreach (WriteRequest request in _batch)
        {
            request.Complete();
        }

        _batch.Clear();
        if (changes > 0)
        {
            Committed?.Invoke(changes);
        }

        return true;
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

            SetSynced(batch.Exists(static request => request.IsDurable));
            Run("BEGIN IMMEDIATE");
            int changes = batch.Count;
            if (batch.Count == 1)
            {
                batch[0].Run(_writer);
            }
            else
            {
                changes = batch.Count(RunOne);
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

            long started = Stopwatch.GetTimestamp();
            Run("COMMIT");
            StorageMetrics.CommitChanges.Record(changes);
            StorageMetrics.CommitSeconds.Record(
                Stopwatch.GetElapsedTime(started).TotalSeconds,
                new KeyValuePair<string, object?>("synced", _synced ? "true" : "false"));
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

    /// <summary>Says whether the next commit is synced.</summary>
    private void SetSynced(bool synced)
    {
        if (_synced != synced)
        {
            _connection.SetSynced(synced);
            _synced = synced;
        }
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
