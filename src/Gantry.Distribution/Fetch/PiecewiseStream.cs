namespace Gantry.Distribution.Fetch;

/// <summary>
/// The body of a large blob, fetched in pieces over several connections: one connection alone is often slower than the
/// network. The piece that is read comes straight from its connection, those after it wait in memory. A server that sends
/// no pieces is read as it sends.
/// </summary>
/// <param name="open">Opens the blob between two offsets.</param>
/// <param name="size">The size of the whole blob.</param>
/// <param name="offset">Where to begin.</param>
/// <param name="maxAhead">How many pieces are fetched ahead.</param>
/// <param name="buffers">The memory of pieces; never waited for.</param>
internal sealed class PiecewiseStream(
    Func<long, long, CancellationToken, Task<BlobStream>> open,
    long size,
    long offset,
    int maxAhead,
    PieceBuffers buffers) : FetchedStream
{
    /// <summary>Bytes of a piece.</summary>
    public const int PieceBytes = 1024 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<BlobPiece> _ahead = new();
    private BlobStream? _open;
    private BlobPiece? _current;
    private ReadOnlyMemory<byte> _rest;
    private long _offset = offset;
    private long _asked = offset;

    public override long Position
    {
        get => _offset;
        set => throw new NotSupportedException();
    }

    /// <summary>Opens the first piece, so that a wrong status is known at once.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        long end = Math.Min(size, _asked + PieceBytes);
        _open = await open(_asked, end, cancellationToken);
        _asked = _open.End;
        FetchAhead();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            if (_rest.Length > 0)
            {
                int length = Math.Min(_rest.Length, buffer.Length);
                _rest[..length].CopyTo(buffer);
                _rest = _rest[length..];
                _offset += length;
                return length;
            }

            await LeaveAsync();

            if (_open is not null)
            {
                int read = await _open.ReadAsync(buffer, cancellationToken);
                if (read > 0)
                {
                    _offset += read;
                    return read;
                }

                await CloseAsync();
            }

            if (_offset == size)
            {
                return 0;
            }

            await NextAsync(cancellationToken);
        }

        return 0;
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        while (_ahead.TryDequeue(out BlobPiece? piece))
        {
            await piece.DisposeAsync();
        }

        await LeaveAsync();
        await CloseAsync();
        _stop.Dispose();
        await base.DisposeAsync();
    }

    // The memory of the piece that was read goes back.
    private async Task LeaveAsync()
    {
        if (_current is { } piece)
        {
            _current = null;
            await piece.DisposeAsync();
        }
    }

    private async Task CloseAsync()
    {
        if (_open is not null)
        {
            await _open.DisposeAsync();
            _open = null;
        }
    }

    private async Task NextAsync(CancellationToken cancellationToken)
    {
        if (!_ahead.TryPeek(out BlobPiece? piece))
        {
            await OpenAsync(cancellationToken);
            return;
        }

        // When this is ended early the piece is still the first one in the queue.
        _rest = await piece.Bytes.WaitAsync(cancellationToken);
        _current = _ahead.Dequeue();
        FetchAhead();
    }

    private void FetchAhead()
    {
        while (_asked < size && _ahead.Count < maxAhead && buffers.TryTake() is { } buffer)
        {
            long end = Math.Min(size, _asked + PieceBytes);
            _ahead.Enqueue(new BlobPiece(open, _asked, end, buffers, buffer, _stop.Token));
            _asked = end;
        }
    }
}
