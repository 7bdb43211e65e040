using System.Buffers;

namespace Gantry.Ttrpc.Internal;

/// <summary>
/// Cuts a stream of bytes into frames. A small buffer serves small frames, several with one read; a large frame borrows
/// a buffer of its own until the next one is read, so that an idle connection holds little. For one reader at a time.
/// </summary>
internal sealed class FrameReader(Stream stream) : IDisposable
{
    private const int BufferSize = 4096;

    private readonly byte[] _buffer = new byte[BufferSize];
    private int _start;
    private int _end;
    private byte[]? _large;

    /// <summary>The next frame; null at the end of the stream.</summary>
    /// <exception cref="EndOfStreamException">The stream ends inside a frame.</exception>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        ReturnLarge();
        if (!await FillAsync(FrameHeader.Size, cancellationToken))
        {
            return _start == _end ? null : throw Torn();
        }

        FrameHeader header = FrameHeader.Read(_buffer.AsSpan(_start));
        _start += FrameHeader.Size;
        if (header.IsOversized)
        {
            await DiscardAsync(header.Length, cancellationToken);
            return new Frame(header, default);
        }

        int length = (int)header.Length;
        if (length > BufferSize)
        {
            return new Frame(header, await ReadLargeAsync(length, cancellationToken));
        }

        if (!await FillAsync(length, cancellationToken))
        {
            throw Torn();
        }

        ReadOnlyMemory<byte> payload = _buffer.AsMemory(_start, length);
        _start += length;
        return new Frame(header, payload);
    }

    public void Dispose() => ReturnLarge();

    private static EndOfStreamException Torn() => new("ttrpc: the connection ends inside a frame");

    /// <summary>Makes sure that so many bytes are in the buffer; false when the stream ends before.</summary>
    private async ValueTask<bool> FillAsync(int count, CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start + count > BufferSize)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        while (_end - _start < count)
        {
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadLargeAsync(int length, CancellationToken cancellationToken)
    {
        _large = ArrayPool<byte>.Shared.Rent(length);
        int buffered = _end - _start;
        _buffer.AsSpan(_start, buffered).CopyTo(_large);
        _start = _end = 0;
        int read = await stream.ReadAtLeastAsync(
            _large.AsMemory(buffered, length - buffered),
            length - buffered,
            throwOnEndOfStream: false,
            cancellationToken);
        return buffered + read == length ? _large.AsMemory(0, length) : throw Torn();
    }

    private async ValueTask DiscardAsync(uint length, CancellationToken cancellationToken)
    {
        uint left = length;
        while (left > 0)
        {
            if (!await FillAsync(1, cancellationToken))
            {
                throw Torn();
            }

            int taken = (int)Math.Min(left, (uint)(_end - _start));
            _start += taken;
            left -= (uint)taken;
        }
    }

    private void ReturnLarge()
    {
        if (_large is not null)
        {
            ArrayPool<byte>.Shared.Return(_large);
            _large = null;
        }
    }
}
