using Gantry.Core.Events;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Storage.Events;

/// <summary>
/// The files of a log, see <see cref="EventSegment"/>. There is always one once there was an event, if only an empty one: its name
/// tells with which number to go on. One thread at a time.
/// </summary>
internal sealed class EventFiles
{
    private const int SegmentsPerLog = 32;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _directory;
    private readonly EventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly List<EventSegment> _segments = [];
    private List<SafeFileHandle> _full = [];
    private SafeFileHandle? _file;
    private long _count;
    private bool _unsynced;
    private bool _unsyncedNames;
    private bool _closed;

    /// <summary>Opens the files of a directory, which is made if it is not there.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">The directory cannot be made or read.</exception>
    public EventFiles(string directory, EventLogOptions options, TimeProvider time)
    {
        _directory = directory;
        _options = options;
        _time = time;
        Directory.CreateDirectory(directory);
        File.SetUnixFileMode(directory, OwnerOnly | UnixFileMode.UserExecute);
        _segments.AddRange(EventSegment.List(directory));
    }

    /// <summary>The files, the oldest first.</summary>
    public IReadOnlyList<EventSegment> Segments => _segments;

    private EventSegment Active => _segments[^1];

    /// <summary>Reads the last file.</summary>
    /// <param name="last">The number of the last event there was; 0 when there was none.</param>
    /// <param name="end">Where its last whole record ends.</param>
    /// <returns>False when what follows there is damage and not a record that was cut off.</returns>
    public bool ReadLast(out ulong last, out long end)
    {
        last = 0;
        end = EventSegment.HeaderLength;
        if (_segments.Count == 0)
        {
            return true;
        }

        last = Active.First - 1;
        _count = Active.Before;
        foreach ((EventEnvelope envelope, long recordEnd) in Active.Read(Active.Length))
        {
            last = envelope.Sequence;
            _count++;
            end = recordEnd;
        }

        bool whole = Active.IsCutOffAt(end);
        Active.CutTo(end);
        return whole;
    }

    /// <summary>Goes on in the last file, which another process has written.</summary>
    public void GoOn()
    {
        if (_segments.Count > 0)
        {
            _file = OpenFile(Active.Path, FileMode.Open);
            RandomAccess.SetLength(_file, Active.Length);
            _unsynced = _unsyncedNames = true;
        }
    }

    /// <summary>Writes an event.</summary>
    /// <param name="sequence">Its number.</param>
    /// <param name="record">Its bytes.</param>
    /// <exception cref="IOException">It is not written.</exception>
    public void Write(ulong sequence, ReadOnlySpan<byte> record)
    {
        if (_file is not null
            && !Active.IsEmpty
            && (Active.Length + record.Length > _options.MaxBytes / SegmentsPerLog
                || _count - Active.Before >= _options.MaxCount / SegmentsPerLog))
        {
            CloseActive();
        }

        if (_file is null)
        {
            Begin(sequence, _time.GetUtcNow());
        }

        RandomAccess.Write(_file!, record, Active.Length);
        Active.Grow(record.Length, _time.GetUtcNow());
        _count++;
        _unsynced = true;
    }

    /// <summary>Begins an empty file for what comes after a number, as of the time of the last event. None is open.</summary>
    /// <param name="last">The number.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public void BeginAfter(ulong last)
    {
        Begin(last + 1, _segments.Count > 0 ? Active.End : DateTimeOffset.MinValue);
    }

    /// <summary>Removes the oldest files while a bound is passed.</summary>
    /// <param name="last">The number of the last event.</param>
    /// <exception cref="IOException">One cannot be removed.</exception>
    public void Prune(ulong last)
    {
        if (_closed || _segments.Count == 0)
        {
            return;
        }

        if (_file is not null && !Active.IsEmpty && IsOld(Active.Begin, 1.0 / SegmentsPerLog))
        {
            CloseActive();
        }

        if (_file is null && IsOld(Active.End, 1))
        {
            BeginAfter(last);
        }

        RemoveOldest();
    }

    /// <summary>The files that events lie in, and how far they are written.</summary>
    /// <param name="after">Only events with a greater number.</param>
    /// <param name="through">Only events with no greater number.</param>
    public List<(EventSegment Segment, long Length)> Covering(ulong after, ulong through)
    {
        List<(EventSegment, long)> files = [];
        for (int i = 0; i < _segments.Count && _segments[i].First <= through; i++)
        {
            if (i + 1 == _segments.Count || _segments[i + 1].First > after + 1)
            {
                files.Add((_segments[i], _segments[i].Length));
            }
        }

        return files;
    }

    /// <summary>Takes out what is to be brought to the disk.</summary>
    public UnsyncedFiles TakeUnsynced()
    {
        UnsyncedFiles taken = new(_directory, _full, _unsynced ? _file : null, _unsyncedNames);
        _full = [];
        _unsynced = _unsyncedNames = false;
        return taken;
    }

    /// <summary>Puts back what could not be brought there.</summary>
    /// <param name="failed">What was taken.</param>
    public void PutBack(UnsyncedFiles failed)
    {
        _full.InsertRange(0, failed.Full);
        _unsynced |= failed.Active is not null;
        _unsyncedNames |= failed.Names;
        while (_full.Count > SegmentsPerLog)
        {
            // The disk fails for good, and these are older than what is kept.
            _full[0].Dispose();
            _full.RemoveAt(0);
        }
    }

    /// <summary>Has nothing more written.</summary>
    public void Close()
    {
        _closed = true;
        if (_file is not null)
        {
            CloseActive();
        }
    }

    private static SafeFileHandle OpenFile(string path, FileMode mode)
    {
        SafeFileHandle file = File.OpenHandle(path, mode, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            File.SetUnixFileMode(file, OwnerOnly);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private bool IsOld(DateTimeOffset since, double part) =>
        _options.MaxAge > TimeSpan.Zero && _time.GetUtcNow() - since > _options.MaxAge * part;

    private void RemoveOldest()
    {
        while (_segments.Count > 1 && IsBeyondBounds())
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

    private void CloseActive()
    {
        _full.Add(_file!);
        _file = null;
    }

    private void Begin(ulong first, DateTimeOffset begin)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        EventSegment next = EventSegment.In(_directory, first, _count, begin);
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
        _unsynced = _unsyncedNames = true;
        RemoveOldest();
    }
}
