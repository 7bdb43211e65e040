using Gantry.Core.Errors;

namespace Gantry.Archive.Tar;

/// <summary>
/// Writes an archive: ustar headers, and PAX records before them for what these can't hold. The same entries give the
/// same bytes.
/// </summary>
/// <remarks>Data of a file follows its header; there must be as much of it as the header says.</remarks>
public sealed class TarWriter
{
    private const int BufferSize = 256 * 1024;

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _length;
    private long _remaining;
    private int _padding;

    /// <summary>Starts an archive.</summary>
    /// <param name="stream">Gets the archive; it stays the caller's, who flushes it.</param>
    public TarWriter(Stream stream) => _stream = stream;

    /// <summary>Entries so far.</summary>
    public long Entries { get; private set; }

    /// <summary>Begins an entry.</summary>
    /// <param name="entry">The entry. Its sparseness and its time of access are not written.</param>
    /// <param name="cancellationToken">Ends the attempt; the writer can't be used afterwards.</param>
    /// <exception cref="GantryException">InvalidArgument: its attributes are more than readers take.</exception>
    public async ValueTask WriteHeaderAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        await EndDataAsync(cancellationToken);
        byte[] records = PaxRecordWriter.Of(entry);
        if (records.Length > TarLimits.Default.MaxExtendedHeaderSize)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"tar: {entry.DisplayName} has {records.Length} bytes of attributes");
        }

        if (records.Length > 0)
        {
            await WriteAsync(TarHeaderWriter.OfRecords(records.Length), cancellationToken);
            await WriteAsync(records, cancellationToken);
            await WriteZerosAsync(Padding(records.Length), cancellationToken);
        }

        await WriteAsync(TarHeaderWriter.Of(entry), cancellationToken);
        _remaining = entry.Size;
        _padding = Padding(entry.Size);
        Entries++;
    }

    /// <summary>Adds data to the entry begun last.</summary>
    /// <param name="data">The data.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async ValueTask WriteDataAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        Take(data.Length);
        await WriteAsync(data, cancellationToken);
    }

    /// <summary>Adds zeros to the entry begun last.</summary>
    /// <param name="count">How many.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async ValueTask WriteZeroDataAsync(long count, CancellationToken cancellationToken)
    {
        Take(count);
        await WriteZerosAsync(count, cancellationToken);
    }

    /// <summary>Ends the archive, and writes all of it.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await EndDataAsync(cancellationToken);
        await WriteZerosAsync(2 * TarHeader.BlockSize, cancellationToken);
        await FlushAsync(cancellationToken);
    }

    /// <summary>Room for data of the entry begun last, to be read into without a copy; at least one byte.</summary>
    internal async ValueTask<Memory<byte>> RoomAsync(CancellationToken cancellationToken)
    {
        if (_length == BufferSize)
        {
            await FlushAsync(cancellationToken);
        }

        return _buffer.AsMemory(_length);
    }

    /// <summary>Adds what was put at the start of the room.</summary>
    internal void Advance(int count)
    {
        Take(count);
        _length += count;
    }

    private static int Padding(long size) => (int)(-size & (TarHeader.BlockSize - 1));

    private void Take(long count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _remaining);
        _remaining -= count;
    }

    private ValueTask EndDataAsync(CancellationToken cancellationToken)
    {
        if (_remaining != 0)
        {
            throw new InvalidOperationException($"{_remaining} bytes of the last entry are missing");
        }

        int padding = _padding;
        _padding = 0;
        return WriteZerosAsync(padding, cancellationToken);
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (!data.IsEmpty)
        {
            Memory<byte> room = await RoomAsync(cancellationToken);
            int length = Math.Min(room.Length, data.Length);
            data[..length].CopyTo(room);
            data = data[length..];
            _length += length;
        }
    }

    private async ValueTask WriteZerosAsync(long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            Memory<byte> room = await RoomAsync(cancellationToken);
            int length = (int)Math.Min(room.Length, count);
            room.Span[..length].Clear();
            count -= length;
            _length += length;
        }
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(_buffer.AsMemory(0, _length), cancellationToken);
        _length = 0;
    }
}
