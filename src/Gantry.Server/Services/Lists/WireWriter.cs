using System.Buffers;
using System.Diagnostics;
using System.Numerics;

namespace Gantry.Server.Services.Lists;

/// <summary>
/// Writes a long message in protobuf's wire form into pooled memory: <c>(field &lt;&lt; 3 | type) value …</c>, where type
/// 0 is a number and type 2 a length and bytes. Each item of the message lies in one piece.
/// </summary>
internal sealed class WireWriter : IDisposable
{
    private const int ChunkSize = 256 * 1024;
    private const int MaxVarint = 10;
    private const int NumberType = 0;
    private const int BytesType = 2;
    private const long TicksPerNanosecondUnit = 100;

    private readonly List<(byte[] Array, int Length)> _full = [];
    private byte[] _chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
    private int _item;
    private int _used;

    /// <summary>How many bytes were written.</summary>
    public long Length { get; private set; }

    /// <summary>Begins an item, a message that is a field of the whole.</summary>
    /// <returns>What <see cref="End"/> wants.</returns>
    public int BeginItem(int field)
    {
        Length += _used - _item;
        _item = _used;
        return Begin(field);
    }

    /// <summary>Begins a message that is a field of the one that is being written.</summary>
    /// <returns>What <see cref="End"/> wants.</returns>
    public int Begin(int field)
    {
        Tag(field, BytesType);

        // The length is known at the end; most take one byte.
        Reserve(1);
        _used++;
        return _used - _item;
    }

    /// <summary>Ends a message.</summary>
    public void End(int begin)
    {
        int length = _used - _item - begin;
        int extra = SizeOf((ulong)length) - 1;
        if (extra > 0)
        {
            Reserve(extra);
            _chunk.AsSpan(_item + begin, length).CopyTo(_chunk.AsSpan(_item + begin + extra));
        }

        int end = _used + extra;
        _used = _item + begin - 1;
        Varint((ulong)length);
        _used = end;
    }

    /// <summary>Writes bytes or a text; nothing when there are none, as is the rule for fields.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            Present(field, value);
        }
    }

    /// <summary>Writes bytes or a text though it may be empty, as is the rule in maps.</summary>
    public void Present(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, BytesType);
        Varint((ulong)value.Length);
        Reserve(value.Length);
        value.CopyTo(_chunk.AsSpan(_used));
        _used += value.Length;
    }

    /// <summary>Writes a number; nothing when it is 0.</summary>
    public void Number(int field, long value)
    {
        if (value != 0)
        {
            Tag(field, NumberType);
            Varint((ulong)value);
        }
    }

    /// <summary>Writes a <c>google.protobuf.Timestamp</c>.</summary>
    public void Time(int field, DateTimeOffset value)
    {
        (long seconds, long ticks) = Math.DivRem((value - DateTimeOffset.UnixEpoch).Ticks, TimeSpan.TicksPerSecond);
        if (ticks < 0)
        {
            seconds--;
            ticks += TimeSpan.TicksPerSecond;
        }

        int begin = Begin(field);
        Number(1, seconds);
        Number(2, ticks * TicksPerNanosecondUnit);
        End(begin);
    }

    /// <summary>All of it, piece by piece, when nothing more is to be written.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces()
    {
        foreach ((byte[] array, int length) in _full)
        {
            yield return array.AsMemory(0, length);
        }

        yield return _chunk.AsMemory(0, _used);
    }

    /// <summary>The number of bytes, when nothing more is to be written.</summary>
    public long Finish()
    {
        Length += _used - _item;
        _item = _used;
        return Length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((byte[] array, _) in _full)
        {
            ArrayPool<byte>.Shared.Return(array);
        }

        _full.Clear();
        if (_chunk.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_chunk);
            _chunk = [];
        }
    }

    private static int SizeOf(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    private void Tag(int field, int type) => Varint((ulong)((field << 3) | type));

    private void Varint(ulong value)
    {
        Reserve(MaxVarint);
        while (value >= 0x80)
        {
            _chunk[_used++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _chunk[_used++] = (byte)value;
    }

    /// <summary>Makes room. The item that is being written moves to a new chunk when this one is full.</summary>
    private void Reserve(int size)
    {
        if (_chunk.Length - _used >= size)
        {
            return;
        }

        int started = _used - _item;
        byte[] next = ArrayPool<byte>.Shared.Rent(Math.Max(ChunkSize, checked(started + size + started)));
        _chunk.AsSpan(_item, started).CopyTo(next);
        if (_item > 0)
        {
            _full.Add((_chunk, _item));
        }
        else
        {
            ArrayPool<byte>.Shared.Return(_chunk);
        }

        Debug.Assert(next.Length - started >= size, "the new chunk has room");
        _chunk = next;
        _item = 0;
        _used = started;
    }
}
