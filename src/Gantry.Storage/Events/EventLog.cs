using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Linux;
using Gantry.Linux.Syscalls;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Events;

/// <inheritdoc cref="IEventLog"/>
/// <remarks>
/// Files of records, see <see cref="EventSegment"/>. An event is written with one call, so that it outlives the daemon;
/// <see cref="RunAsync"/> brings what was written to the disk each second. When a bound is passed the oldest file goes. What a
/// power failure leaves of a record is cut off at the next start.
/// </remarks>
public sealed class EventLog : IEventLog, IDisposable
{
    /// <summary>How far numbers skip when the machine has restarted: more than can be written between two syncs.</summary>
    public const ulong Leap = 1_000_000;

    private const int SegmentsPerLog = 32;
    private const string BootFile = "boot";
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";
    private static readonly TimeSpan SyncInterval = TimeSpan.FromSeconds(1);

    private readonly string _directory;
    private readonly EventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly List<EventSegment> _segments = [];
    private readonly List<SafeFileHandle> _full = [];
    private SafeFileHandle? _file;
    private ulong _last;
    private long _count;
    private bool _unsynced;
    private bool _failing;

    private EventLog(string directory, EventLogOptions options, TimeProvider time, ILogger logger)
    {
        _directory = directory;
        _options = options;
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

    private EventSegment Active => _segments[^1];

    private ulong OldestKept => _segments.Count == 0 ? _last + 1 : ulong.Min(_segments[0].First, _last + 1);

    /// <summary>Opens the log of a directory, which is made if it is not there.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where is told what cannot be kept.</param>
    /// <exception cref="IOException">The directory cannot be made, read or written.</exception>
    public static EventLog Open(string directory, EventLogOptions options, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        Directory.CreateDirectory(directory);
        EventLog log = new(directory, options, time, logger);
        log.Load();
        return log;
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
                Write(numbered);
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
        List<(EventSegment Segment, long Length)> files = [];
        lock (_gate)
        {
            for (int i = 0; i < _segments.Count && _segments[i].First <= through; i++)
            {
                if (i + 1 == _segments.Count || _segments[i + 1].First > after + 1)
                {
                    files.Add((_segments[i], _segments[i].Length));
                }
            }
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

    /// <summary>Brings what was written to the disk, and closes the files. <see cref="RunAsync"/> has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_file is { } file)
            {
                _full.Add(file);
                _file = null;
            }
        }

        try
        {
            Sync();
        }
        catch (LinuxException failure)
        {
            StorageLog.EventsNotSynced(_logger, failure);
        }
    }

    /// <summary>Removes the oldest files while a bound is passed.</summary>
    public void Prune()
    {
        lock (_gate)
        {
            if (_file is not null && Active.Length > EventSegment.HeaderLength && IsOld(Active.Begin, 1.0 / SegmentsPerLog))
            {
                CloseActive();
            }

            RemoveOldest();
        }
    }

    private static bool IsOfTheDisk(Exception failure) =>
        failure is IOException or LinuxException or UnauthorizedAccessException or ObjectDisposedException;

    private bool IsOld(DateTimeOffset since, double part) =>
        _options.MaxAge > TimeSpan.Zero && _time.GetUtcNow() - since > _options.MaxAge * part;

    private void RemoveOldest()
    {
        int kept = _file is null ? 0 : 1;
        while (_segments.Count > kept && IsBeyondBounds())
        {
            File.Delete(_segments[0].Path);
            _segments.RemoveAt(0);
        }
    }

    /// <summary>Whether the oldest file has to go; one more file has to have room.</summary>
    private bool IsBeyondBounds() =>
        _segments.Sum(segment => segment.Length) > _options.MaxBytes - (_options.MaxBytes / SegmentsPerLog)
        || _count - _segments[0].Before > _options.MaxCount - (_options.MaxCount / SegmentsPerLog)
        || IsOld(_segments[0].End, 1);

    private IEnumerable<EventEnvelope> ReadFile(EventSegment segment, long length, ulong after)
    {
        using IEnumerator<(EventEnvelope Event, long End)> records = segment.Read(length).GetEnumerator();
        while (true)
        {
            try
            {
                if (!records.MoveNext())
                {
                    yield break;
                }
            }
            catch (FileNotFoundException)
            {
                // The bounds of the log have overtaken the reader.
                throw Pruned(after);
            }

            yield return records.Current.Event;
        }
    }

    /// <summary>The number of the last event before a time.</summary>
    private ulong Before(DateTimeOffset since)
    {
        ulong position;
        ulong last;
        lock (_gate)
        {
            int next = _segments.FindIndex(segment => segment.Begin > since);
            if (next == 0 && _segments[0].First > 1)
            {
                throw new GantryException(
                    ErrorKind.OutOfRange,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"events of {since:O} are not kept any more: the oldest is {OldestKept}, of {_segments[0].Begin:O}"));
            }

            int index = next < 0 ? _segments.Count - 1 : next - 1;
            position = index < 0 ? OldestKept - 1 : _segments[index].First - 1;
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
    /// 1. The files. 2. The last one's records: the number to go on with. After a restart of the machine events may have been
    /// told that are on no disk: numbers skip ahead.
    /// </remarks>
    private void Load()
    {
        // Step 1
        _segments.AddRange(EventSegment.List(_directory));
        if (_segments.Count > 0)
        {
            // Step 2
            _last = Active.First - 1;
            _count = Active.Before;
            long end = EventSegment.HeaderLength;
            foreach ((EventEnvelope envelope, long recordEnd) in Active.Read(Active.Length))
            {
                _last = envelope.Sequence;
                _count++;
                end = recordEnd;
            }

            Active.Length = end;
        }

        string boot = File.ReadAllText(BootIdPath);
        string path = Path.Combine(_directory, BootFile);
        if (!File.Exists(path) || File.ReadAllText(path) != boot)
        {
            _last = _last == 0 ? 0 : _last + Leap;
            File.WriteAllText(path + ".new", boot);
            File.Move(path + ".new", path, overwrite: true);
        }
        else if (_segments.Count > 0)
        {
            _file = OpenFile(Active.Path, FileMode.Open);
            RandomAccess.SetLength(_file, Active.Length);
        }
    }

    private void Write(EventEnvelope envelope)
    {
        byte[] record = EventRecord.TryEncode(envelope)
            ?? throw new IOException($"an event of {envelope.Event.Value.Length} bytes on {envelope.Topic} is too large to be kept");
        if (_file is not null
            && (Active.Length + record.Length > _options.MaxBytes / SegmentsPerLog
                || _count - Active.Before >= _options.MaxCount / SegmentsPerLog))
        {
            CloseActive();
        }

        if (_file is null)
        {
            Begin(envelope.Sequence);
        }

        RandomAccess.Write(_file!, record, Active.Length);
        Active.Length += record.Length;
        Active.End = _time.GetUtcNow();
        _count++;
        _unsynced = true;
    }

    private void CloseActive()
    {
        _full.Add(_file!);
        _file = null;
    }

    private void Begin(ulong first)
    {
        EventSegment next = EventSegment.In(_directory, first, _count, _time.GetUtcNow());
        SafeFileHandle file = OpenFile(next.Path, FileMode.Create);
        try
        {
            RandomAccess.Write(file, next.Header(), 0);
        }
        catch
        {
            file.Dispose();
            File.Delete(next.Path);
            throw;
        }

        _file = file;
        _segments.Add(next);
        RemoveOldest();
    }

    private static SafeFileHandle OpenFile(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>The files are closed by nobody but this, which one thread calls.</summary>
    private void Sync()
    {
        List<SafeFileHandle> full;
        SafeFileHandle? active;
        lock (_gate)
        {
            full = [.. _full];
            _full.Clear();
            active = _unsynced ? _file : null;
            _unsynced = false;
        }

        foreach (SafeFileHandle file in full)
        {
            using (file)
            {
                FileSync.Fdatasync(file);
            }
        }

        if (full.Count > 0)
        {
            FileSync.FsyncDirectory(_directory);
        }

        if (active is not null)
        {
            FileSync.Fdatasync(active);
        }
    }
}
