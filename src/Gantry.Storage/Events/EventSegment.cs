using System.Buffers.Binary;
using System.Globalization;
using Gantry.Core.Events;

namespace Gantry.Storage.Events;

/// <summary>One file of the log: a header, and events in the order of their numbers.</summary>
/// <remarks>
/// <code>
///  0  u32  magic, "GEV1"
///  4  u32  zero
///  8  u64  number of the first event that it may hold
/// 16  i64  how many events were written into all files before it
/// 24  i64  when it was begun, in ticks of 100 ns of UTC
/// 32       records, see <see cref="EventRecord"/>
/// </code>
/// All numbers are little-endian.
/// </remarks>
internal sealed class EventSegment
{
    /// <summary>The length of the header, in bytes.</summary>
    public const int HeaderLength = 32;

    private const uint Magic = 0x31564547;
    private const string Extension = ".events";
    private const int BufferSize = 64 * 1024;

    private bool _damageSeen;

    private EventSegment(string path, ulong first, long before, DateTimeOffset begin)
    {
        Path = path;
        First = first;
        Before = before;
        Begin = begin;
        End = begin;
    }

    /// <summary>The file, named after its first number.</summary>
    public string Path { get; }

    /// <summary>The number of the first event it may hold.</summary>
    public ulong First { get; }

    /// <summary>How many events were written into all files before it.</summary>
    public long Before { get; }

    /// <summary>When it was begun: no event in it came to the daemon earlier.</summary>
    public DateTimeOffset Begin { get; }

    /// <summary>The length up to the end of the last whole record, in bytes.</summary>
    public long Length { get; private set; } = HeaderLength;

    /// <summary>When the last event was written into it.</summary>
    public DateTimeOffset End { get; private set; }

    /// <summary>Whether it has no event.</summary>
    public bool IsEmpty => Length == HeaderLength;

    /// <summary>A file that is yet to be made.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="first">The number of its first event.</param>
    /// <param name="before">How many events there were before it.</param>
    /// <param name="begin">The time.</param>
    public static EventSegment In(string directory, ulong first, long before, DateTimeOffset begin) => new(
        System.IO.Path.Combine(directory, first.ToString("D20", CultureInfo.InvariantCulture) + Extension),
        first,
        before,
        begin);

    /// <summary>The files of a directory, in order. What is no file of events is left alone.</summary>
    /// <param name="directory">Where.</param>
    /// <exception cref="IOException">One cannot be read.</exception>
    public static IEnumerable<EventSegment> List(string directory) => Directory
        .EnumerateFiles(directory, "*" + Extension)
        .Select(TryOpen)
        .OfType<EventSegment>()
        .OrderBy(segment => segment.First);

    /// <summary>A record was written behind the last.</summary>
    /// <param name="bytes">Its length.</param>
    /// <param name="time">The time.</param>
    public void Grow(int bytes, DateTimeOffset time)
    {
        Length += bytes;
        End = time;
    }

    /// <summary>What follows a whole record counts no more.</summary>
    /// <param name="end">Where that record ends.</param>
    public void CutTo(long end) => Length = end;

    /// <summary>Whether the file ends there, or in the middle of the record that begins there; else it is damaged.</summary>
    /// <param name="end">Where the last record ends that can be read.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool IsCutOffAt(long end)
    {
        byte[] header = new byte[EventRecord.HeaderLength];
        using FileStream file = OpenRead(bufferSize: 0);
        file.Position = end;
        return file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length
            || (EventRecord.TryReadHeader(header, out int size, out _) && file.Position + size > file.Length);
    }

    /// <summary>Whether nobody has asked this yet, so that damage is told once. Any thread.</summary>
    public bool IsFirstToSeeDamage() => !Interlocked.Exchange(ref _damageSeen, true);

    /// <summary>The header as bytes.</summary>
    public byte[] Header()
    {
        byte[] header = new byte[HeaderLength];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), First);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), Before);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), Begin.UtcTicks);
        return header;
    }

    /// <summary>Reads whole records, up to a length or to the first that is damaged.</summary>
    /// <param name="length">How far.</param>
    /// <returns>Each event with where its record ends.</returns>
    /// <exception cref="IOException">The file cannot be read, or is gone.</exception>
    public IEnumerable<(EventEnvelope Event, long End)> Read(long length)
    {
        using FileStream file = OpenRead(BufferSize);
        file.Position = HeaderLength;
        byte[] header = new byte[EventRecord.HeaderLength];
        long end = HeaderLength;
        while (end + header.Length <= length
            && file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length
            && EventRecord.TryReadHeader(header, out int size, out uint checksum)
            && end + header.Length + size <= length)
        {
            byte[] body = new byte[size];
            if (file.ReadAtLeast(body, size, throwOnEndOfStream: false) < size
                || !EventRecord.TryDecode(body, checksum, out EventEnvelope? envelope))
            {
                yield break;
            }

            end += header.Length + size;
            yield return (envelope, end);
        }
    }

    private static EventSegment? TryOpen(string path)
    {
        byte[] header = new byte[HeaderLength];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength
            || BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic
            || BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8)) is var first && first == 0
            || BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)) is var before && before < 0
            || BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24)) is var ticks
                && (ticks < 0 || ticks > DateTimeOffset.MaxValue.UtcTicks))
        {
            return null;
        }

        return new EventSegment(path, first, before, new DateTimeOffset(ticks, TimeSpan.Zero))
        {
            Length = file.Length,
            End = new DateTimeOffset(File.GetLastWriteTimeUtc(file.SafeFileHandle)),
        };
    }

    private FileStream OpenRead(int bufferSize) =>
        new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize);
}
