using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Threading.Channels;
using Gantry.Core.Errors;
using Gantry.Core.Collection;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Storage.Content;
using Gantry.Storage.Mounts;
using Gantry.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gantry.Storage.Gc;

/// <summary>
/// Removes what nothing refers to. Nothing that was made after a collection began is removed by it, and nobody waits for
/// it but those who ask to.
/// </summary>
public sealed class GarbageCollector : IGarbageCollector, IAsyncDisposable
{
    private static readonly TimeSpan MinimumTime = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan IntervalWithoutShare = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly BlobAccess _blobs;
    private readonly IReadOnlyDictionary<string, ISnapshotDriver> _drivers;
    private readonly MountActivator _activator;
    private readonly CollectorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly BlobSweeper _blobSweeper;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // Guards the next collection, which those who ask for one share until it begins.
    private readonly Lock _gate = new();
    private Task<CollectionReport>? _next;

    private volatile bool _closed;
    private int _deletions;
    private int _mutations;
    private long _nextExpiryTicks = long.MaxValue;
    private long _lastEndTicks;
    private long _firstDeletionTicks;
    private TimeSpan _total;
    private int _collections;

    /// <summary>Makes a collector; it works when asked to, and by itself while <see cref="RunAsync"/> runs.</summary>
    internal GarbageCollector(
        Database database,
        BlobAccess blobs,
        IReadOnlyDictionary<string, ISnapshotDriver> drivers,
        MountActivator activator,
        CollectorOptions options,
        TimeProvider time,
        ILogger logger)
    {
        _database = database;
        _blobs = blobs;
        _drivers = drivers;
        _activator = activator;
        _options = options;
        _time = time;
        _logger = logger;
        _blobSweeper = new BlobSweeper(database, blobs, logger);
    }

    /// <summary>
    /// Runs a collection that begins after this call, and returns when it is done. Calls that wait at the same time
    /// share one.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; the collection goes on.</param>
    public Task<CollectionReport> CollectAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _next ??= CollectNextAsync();
            return _next.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task<Explanation> ExplainAsync(
        Namespace ns,
        string name,
        string snapshotter,
        CancellationToken cancellationToken) => Task.Run(
            () => _database.ReadSnapshot(connection => Explainer.Run(
                connection,
                new ExplainedObject(ns.ToString(), name, snapshotter),
                StoredTime.ToTicks(_time.GetUtcNow()),
                _blobs.Locks.IsLocked,
                NextRun())),
            cancellationToken);

    /// <summary>Returns when no collection is under way; none begins any more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            return;
        }

        await _turn.WaitAsync();
        _closed = true;
        _turn.Release();
    }

    /// <summary>Collects whenever there is cause to, until the token ends it.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "a collection that fails is logged and tried again")]
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await NoteRemainsAsync(cancellationToken);
        DateTimeOffset? startup = _options.StartupDelay > TimeSpan.Zero
            ? _time.GetUtcNow() + _options.StartupDelay
            : null;
        while (true)
        {
            await WaitUntilDueAsync(startup, cancellationToken);
            startup = null;
            try
            {
                await CollectAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                StorageLog.CollectionFailed(_logger, e);
                await Task.Delay(RetryDelay, _time, cancellationToken);
            }
        }
    }

    /// <summary>Looks for what a crash has left: blobs without a record, which the first collection removes.</summary>
    private async Task NoteRemainsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _blobSweeper.NoteAllUnrecordedAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or GantryException)
        {
            // They wait for the next start.
            StorageLog.RemainsNotListed(_logger, e);
        }
    }

    /// <summary>Tells that something was deleted.</summary>
    internal void NoteDeletion()
    {
        if (Interlocked.Increment(ref _deletions) == 1)
        {
            Volatile.Write(ref _firstDeletionTicks, StoredTime.ToTicks(_time.GetUtcNow()));
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>Tells that changes were committed.</summary>
    internal void NoteMutations(int count)
    {
        int mutations = Interlocked.Add(ref _mutations, count);
        if (_options.MutationThreshold > 0 && mutations >= _options.MutationThreshold)
        {
            _signal.Writer.TryWrite(true);
        }
    }

    /// <summary>Names a blob file that may have no record.</summary>
    internal void NoteUnrecorded(Digest digest) => _blobSweeper.Note(digest);

    private async Task WaitUntilDueAsync(DateTimeOffset? startup, CancellationToken cancellationToken)
    {
        while (true)
        {
            DateTimeOffset due = Earlier(Earlier(startup, ExpiryDue()), WorkDue()) ?? DateTimeOffset.MaxValue;
            TimeSpan wait = due - _time.GetUtcNow();
            if (wait <= TimeSpan.Zero)
            {
                return;
            }

            using CancellationTokenSource timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task elapsed = due == DateTimeOffset.MaxValue
                ? Task.Delay(Timeout.InfiniteTimeSpan, timer.Token)
                : Task.Delay(TimeSpan.FromTicks(Math.Min(wait.Ticks, TimeSpan.FromDays(1).Ticks)), _time, timer.Token);
            Task<bool> signaled = _signal.Reader.WaitToReadAsync(timer.Token).AsTask();
            await Task.WhenAny(elapsed, signaled);
            await timer.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            _signal.Reader.TryRead(out _);
        }
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) =>
        left is null ? right : right is null ? left : left < right ? left : right;

    /// <summary>When the changes so far call for a collection; null when they do not.</summary>
    private DateTimeOffset? WorkDue()
    {
        int deletions = Volatile.Read(ref _deletions);
        int mutations = Volatile.Read(ref _mutations);
        if (_options.DeletionThreshold > 0 && deletions >= _options.DeletionThreshold)
        {
            return _time.GetUtcNow() + _options.ScheduleDelay;
        }

        if (deletions == 0 && (_options.MutationThreshold == 0 || mutations < _options.MutationThreshold))
        {
            return null;
        }

        // Collections take no more than their share of the time, and deletions that follow one another share one.
        long since = Math.Max(Volatile.Read(ref _lastEndTicks), Volatile.Read(ref _firstDeletionTicks));
        return StoredTime.FromTicks(since) + Interval() + _options.ScheduleDelay;
    }

    private DateTimeOffset? ExpiryDue()
    {
        long ticks = Volatile.Read(ref _nextExpiryTicks);
        return ticks == long.MaxValue ? null : StoredTime.FromTicks(ticks);
    }

    private TimeSpan Interval()
    {
        double share = Math.Clamp(_options.PauseThreshold, 0, 0.5);
        if (share == 0)
        {
            return IntervalWithoutShare;
        }

        TimeSpan average = _collections == 0 ? MinimumTime : _total / _collections;
        average = average < MinimumTime ? MinimumTime : average;
        return (average / share) - average;
    }

    private async Task<CollectionReport> CollectNextAsync()
    {
        // Leave the lock of the caller before anything else.
        await Task.Yield();
        await _turn.WaitAsync();
        try
        {
            lock (_gate)
            {
                _next = null;
            }

            ObjectDisposedException.ThrowIf(_closed, this);
            return await CollectCountedAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<CollectionReport> CollectCountedAsync()
    {
        string status = "fail";
        try
        {
            CollectionReport report = await CollectOnceAsync();
            status = "success";
            StorageMetrics.CollectionSeconds.Record(report.Elapsed.TotalSeconds);
            foreach (RemovedKind removed in report.Removed)
            {
                KeyValuePair<string, object?> kind = new("kind", removed.Kind);
                StorageMetrics.Removed.Add(removed.Count, kind);
                StorageMetrics.RemovedBytes.Add(removed.Bytes, kind);
            }

            return report;
        }
        finally
        {
            StorageMetrics.Collections.Add(1, new KeyValuePair<string, object?>("status", status));
        }
    }

    private async Task<CollectionReport> CollectOnceAsync()
    {
        int deletions = Volatile.Read(ref _deletions);
        long started = _time.GetTimestamp();
        long now = StoredTime.ToTicks(_time.GetUtcNow());

        // Step 1: mark, on a snapshot.
        Mark mark = await BackgroundWork.RunAsync(() => _database.ReadSnapshot(connection => Marker.Run(
            connection,
            now,
            _blobs.Locks.IsLocked)));

        // Step 2: remove records.
        Sweeper sweeper = new(_database, _blobs, _drivers, _time, mark);
        await sweeper.RunAsync(CancellationToken.None);

        // Step 3: remove what the records stood for.
        await SetAsideAsync(sweeper.Snapshots);
        await _activator.DeactivateAsync(sweeper.Activations);
        (int blobs, long blobBytes) = await _blobSweeper.RunAsync(CancellationToken.None);

        TimeSpan elapsed = _time.GetElapsedTime(started);
        Interlocked.Add(ref _deletions, -deletions);
        Interlocked.Exchange(ref _mutations, 0);
        Volatile.Write(ref _nextExpiryTicks, mark.NextExpiry ?? long.MaxValue);
        Volatile.Write(ref _lastEndTicks, StoredTime.ToTicks(_time.GetUtcNow()));
        _total += elapsed;
        _collections++;
        int records = sweeper.Removed.Values.Sum(removed => removed.Count);
        StorageLog.Collected(_logger, records, mark.Objects, blobs, elapsed.TotalMilliseconds);
        IEnumerable<RemovedKind> removed = sweeper.Removed
            .OrderBy(entry => entry.Key)
            .Select(entry => new RemovedKind(entry.Key.Name(), entry.Value.Count, entry.Value.Bytes));
        return new CollectionReport(
            elapsed,
            mark.Objects,
            blobs == 0 ? [.. removed] : [.. removed, new RemovedKind(ObjectKinds.Blob, blobs, blobBytes)]);
    }

    /// <summary>When the next collection is to be, in words.</summary>
    private string NextRun()
    {
        DateTimeOffset? due = Earlier(ExpiryDue(), WorkDue());
        DateTimeOffset now = _time.GetUtcNow();
        return due is not { } time
            ? "at the next collection, which a deletion or gantry gc brings about"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"at the next collection, at {(time < now ? now : time).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");
    }

    [SuppressMessage("Design", "CA1031", Justification = "the record is gone; the next clean-up removes the rest")]
    private async Task SetAsideAsync(List<(ISnapshotDriver Driver, long Id)> snapshots)
    {
        foreach ((ISnapshotDriver driver, long id) in snapshots)
        {
            try
            {
                await driver.RemoveAsync(id, CancellationToken.None);
            }
            catch (Exception e)
            {
                StorageLog.SnapshotNotRemoved(_logger, driver.Name, id, e);
            }
        }
    }
}
