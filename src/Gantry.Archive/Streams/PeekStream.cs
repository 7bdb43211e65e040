using System.Buffers;

namespace Gantry.Archive.Streams;

/// <summary>Reads ahead in large pieces, and shows the first bytes before they are read.</summary>
internal sealed class PeekStream(Stream inner, int bufferSize) : ReadOnlyStream
{
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
    private int _start;
    private int _end;

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(PeekStream));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_start == _end)
        {
            _start = 0;
            _end = inner.Read(Buffer);
        }

        return Take(buffer);
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start == _end)
        {
            _start = 0;
            _end = 0;
            if (buffer.Length >= bufferSize)
            {
                return await inner.ReadAsync(buffer, cancellationToken);
            }

            _end = await inner.ReadAsync(Buffer, cancellationToken);
        }

        return Take(buffer.Span);
    }

    /// <summary>The bytes that will be read next: as many as asked for, or all there are.</summary>
    internal async Task<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count)
        {
            int read = await inner.ReadAsync(Buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                break;
            }

            _end += read;
        }

        return Buffer.AsMemory(_start, _end - _start);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        byte[]? buffer = Interlocked.Exchange(ref _buffer, null);
        if (disposing && buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        base.Dispose(disposing);
    }

    private int Take(Span<byte> into)
    {
        int length = Math.Min(into.Length, _end - _start);
        Buffer.AsSpan(_start, length).CopyTo(into);
        _start += length;
        return length;
    }
}
