using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Microsoft.Extensions.Logging;

namespace Gantry.Storage.Events;

/// <inheritdoc cref="IEventLog"/>
/// <remarks>
/// Files of records, see <see cref="EventFiles"/>. An event is written with one call, so that it outlives the daemon;
/// <see cref="RunAsync"/> brings what was written to the disk each second. When a bound is passed the oldest file goes. What a
/// power failure leaves of a record is cut off at the next start.
/// </remarks>
public sealed class EventLog : IEventLog, IDisposable
{
    /// <summary>How far numbers skip when the machine has restarted: more than can be written between two syncs.</summary>
    public const ulong Leap = 1_000_000;

    private static readonly TimeSpan SyncInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly EventFiles _files;
    private ulong _last;
    private bool _failing;

    private EventLog(EventFiles files, TimeProvider time, ILogger logger)
    {
        _files = files;
        _time = time;
        _logger = logger;
    }

    /// <inheritdoc/>
    public ulong Last
    {
        get
        {
            lock (_gate)
            {
                return _last;
            }
        }
    }

    /// <inheritdoc/>
    public ulong Oldest
    {
        get
        {
            lock (_gate)
            {
                return OldestKept;
            }
        }
    }

    private ulong OldestKept => _files.Segments.Count == 0 ? _last + 1 : ulong.Min(_files.Segments[0].First, _last + 1);

    /// <summary>Opens the log of a directory, which is made if it is not there.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where is told what cannot be kept.</param>
    /// <exception cref="IOException">The directory cannot be made, read or written.</exception>
    public static EventLog Open(string directory, EventLogOptions options, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        EventLog log = new(new EventFiles(directory, options, time), time, logger);
        try
        {
            log.Load(new BootMark(directory));
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public EventEnvelope Append(EventEnvelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        lock (_gate)
        {
            EventEnvelope numbered = envelope with { Sequence = ++_last };
            try
            {
                byte[] record = EventRecord.TryEncode(numbered) ?? throw new IOException(
                    $"an event of {envelope.Event.Value.Length} bytes on {envelope.Topic} is too large to be kept");
                _files.Write(numbered.Sequence, record);
                _failing = false;
            }
            catch (Exception failure) when (IsOfTheDisk(failure))
            {
                // Said once, not for each.
                if (!_failing)
                {
                    StorageLog.EventsNotKept(_logger, failure);
                }

                _failing = true;
            }

            return numbered;
        }
    }

    /// <inheritdoc/>
    public ulong Resolve(EventCursor cursor)
    {
        if (cursor.After is not { } after)
        {
            return cursor.Since is { } since ? Before(since) : Oldest - 1;
        }

        lock (_gate)
        {
            return after > _last
                ? throw new GantryException(
                    ErrorKind.OutOfRange,
                    string.Create(CultureInfo.InvariantCulture, $"event {after} has not happened: the last is {_last}"))
                : after + 1 < OldestKept ? throw Pruned(after) : after;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<EventEnvelope> Read(ulong after, ulong through)
    {
        List<(EventSegment Segment, long Length)> files;
        lock (_gate)
        {
            files = _files.Covering(after, through);
        }

        foreach ((EventSegment segment, long length) in files)
        {
            foreach (EventEnvelope envelope in ReadFile(segment, length, after))
            {
                if (envelope.Sequence > through)
                {
                    yield break;
                }

                if (envelope.Sequence > after)
                {
                    after = envelope.Sequence;
                    yield return envelope;
                }
            }
        }
    }

    /// <summary>Brings events to the disk, and removes what is too old, until it is ended.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(SyncInterval, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                Sync();
                Prune();
            }
            catch (Exception failure) when (IsOfTheDisk(failure))
            {
                StorageLog.EventsNotSynced(_logger, failure);
            }
        }
    }

    /// <summary>
    /// Brings what was written to the disk, and closes the files: nothing is kept any more. <see cref="RunAsync"/> has ended.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _files.Close();
        }

        try
        {
            Sync();
        }
        catch (IOException failure)
        {
            StorageLog.EventsNotSynced(_logger, failure);
        }
        finally
        {
            lock (_gate)
            {
                _files.TakeUnsynced().Full.ForEach(static file => file.Dispose());
            }
        }
    }

    /// <summary>Removes the oldest files while a bound is passed.</summary>
    public void Prune()
    {
        lock (_gate)
        {
            _files.Prune(_last);
        }
    }

    private static bool IsOfTheDisk(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or ObjectDisposedException;

    private IEnumerable<EventEnvelope> ReadFile(EventSegment segment, long length, ulong after)
    {
        using IEnumerator<(EventEnvelope Event, long End)> records = segment.Read(length).GetEnumerator();
        long end = EventSegment.HeaderLength;
        while (true)
        {
            try
            {
                if (!records.MoveNext())
                {
                    TellDamage(segment, end, length);
                    yield break;
                }
            }
            catch (FileNotFoundException)
            {
                // The bounds of the log have overtaken the reader.
                throw Pruned(after);
            }

            end = records.Current.End;
            yield return records.Current.Event;
        }
    }

    private void TellDamage(EventSegment segment, long end, long length)
    {
        if (end < length && !segment.IsCutOffAt(end) && segment.IsFirstToSeeDamage())
        {
            StorageLog.EventsDamaged(_logger, segment.Path, end);
        }
    }

    /// <summary>The number of the last event before a time.</summary>
    private ulong Before(DateTimeOffset since)
    {
        ulong position;
        ulong last;
        lock (_gate)
        {
            IReadOnlyList<EventSegment> segments = _files.Segments;
            int before = segments.TakeWhile(segment => segment.Begin <= since).Count();
            if (before == 0 && segments.Count > 0 && segments[0].First > 1)
            {
                throw new GantryException(
                    ErrorKind.OutOfRange,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"events of {since:O} are not kept any more: the oldest is {OldestKept}, of {segments[0].Begin:O}"));
            }

            position = before == 0 ? OldestKept - 1 : segments[before - 1].First - 1;
            last = _last;
        }

        foreach (EventEnvelope envelope in Read(position, last))
        {
            if (envelope.Timestamp >= since)
            {
                return position;
            }

            position = envelope.Sequence;
        }

        return last;
    }

    private GantryException Pruned(ulong after) => new(
        ErrorKind.OutOfRange,
        string.Create(CultureInfo.InvariantCulture, $"events after {after} are not kept any more: the oldest is {Oldest}"));

    /// <remarks>
    /// 1. The last file's records: the number to go on with. 2. After a restart of the machine, or where records can't be read,
    /// events may have been told that are nowhere: numbers skip ahead, and that is on the disk before 3. the mark of this run is.
    /// </remarks>
    private void Load(BootMark mark)
    {
        // Step 1
        bool whole = _files.ReadLast(out _last, out long end);
        if (!whole && _files.Segments[^1].IsFirstToSeeDamage())
        {
            StorageLog.EventsDamaged(_logger, _files.Segments[^1].Path, end);
        }

        // Step 2
        bool isNew = _files.Segments.Count == 0 && !mark.IsThere;
        if (whole && (mark.IsOfThisRun || isNew))
        {
            _files.GoOn();
        }
        else
        {
            _last += Leap;
            _files.BeginAfter(_last);
            Sync();
        }

        // Step 3
        if (!mark.IsOfThisRun)
        {
            mark.Write();
        }
    }

    /// <summary>Full files are closed by nobody but this, which one thread calls.</summary>
    private void Sync()
    {
        UnsyncedFiles taken;
        lock (_gate)
        {
            taken = _files.TakeUnsynced();
        }

        try
        {
            taken.Sync();
        }
        catch (IOException)
        {
            lock (_gate)
            {
                _files.PutBack(taken);
            }

            throw;
        }
    }
}
