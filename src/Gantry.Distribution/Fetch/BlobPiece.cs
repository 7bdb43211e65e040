namespace Gantry.Distribution.Fetch;

/// <summary>A piece of a blob that is fetched into memory.</summary>
internal sealed class BlobPiece : IAsyncDisposable
{
    private readonly PieceBuffers _buffers;
    private readonly byte[] _buffer;

    /// <param name="open">Opens the blob between two offsets.</param>
    /// <param name="from">Where the piece begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="buffers">Gets the buffer back when the piece is disposed of.</param>
    /// <param name="buffer">Where its bytes go.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public BlobPiece(
        Func<long, long, CancellationToken, Task<BlobStream>> open,
        long from,
        long end,
        PieceBuffers buffers,
        byte[] buffer,
        CancellationToken cancellationToken)
    {
        (_buffers, _buffer) = (buffers, buffer);
        Bytes = FetchAsync(open, from, end, cancellationToken);
    }

    /// <summary>Its bytes, all of them; until the piece is disposed of.</summary>
    public Task<ReadOnlyMemory<byte>> Bytes { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ((Task)Bytes).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _buffers.Return(_buffer);
    }

    private async Task<ReadOnlyMemory<byte>> FetchAsync(
        Func<long, long, CancellationToken, Task<BlobStream>> open,
        long from,
        long end,
        CancellationToken cancellationToken)
    {
        await using BlobStream stream = await open(from, end, cancellationToken);
        Memory<byte> bytes = _buffer.AsMemory(0, (int)(end - from));
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }
}
