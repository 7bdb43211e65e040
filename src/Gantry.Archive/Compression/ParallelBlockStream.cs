using System.Buffers;
using Gantry.Archive.Streams;

namespace Gantry.Archive.Compression;

/// <summary>
/// Packs on all processors: blocks of a fixed size are packed each by itself and put one behind the other. What comes out
/// depends on what goes in alone, not on the number of processors.
/// </summary>
/// <param name="packed">Gets what is packed; it stays the caller's.</param>
/// <param name="blockSize">The size of a block.</param>
internal abstract class ParallelBlockStream(Stream packed, int blockSize) : WriteOnlyStream
{
    private readonly Queue<Task<(byte[] Array, int Length)>> _running = new();
    private readonly int _maxRunning = Environment.ProcessorCount + 1;
    private byte[] _block = ArrayPool<byte>.Shared.Rent(blockSize);
    private int _filled;
    private bool _begun;
    private bool _disposed;

    /// <summary>What comes before the first block.</summary>
    protected virtual ReadOnlyMemory<byte> Head => ReadOnlyMemory<byte>.Empty;

    /// <summary>What comes after the last block.</summary>
    protected virtual ReadOnlyMemory<byte> Tail => ReadOnlyMemory<byte>.Empty;

    /// <summary>Whether there must be a block even if nothing was written.</summary>
    protected virtual bool NeedsBlock => false;

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default)
    {
        Count(buffer.Span);
        while (!buffer.IsEmpty)
        {
            int taken = Math.Min(buffer.Length, blockSize - _filled);
            buffer[..taken].CopyTo(_block.AsMemory(_filled));
            buffer = buffer[taken..];
            _filled += taken;
            if (_filled == blockSize)
            {
                StartBlock();
                _block = ArrayPool<byte>.Shared.Rent(blockSize);
                if (_running.Count > _maxRunning)
                {
                    await PassOnAsync(cancellationToken);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_filled > 0 || (NeedsBlock && !_begun && _running.Count == 0))
        {
            StartBlock();
        }

        while (_running.Count > 0)
        {
            await PassOnAsync(CancellationToken.None);
        }

        await BeginAsync(CancellationToken.None);
        await packed.WriteAsync(Tail, CancellationToken.None);
        await base.DisposeAsync();
    }

    /// <summary>Packs a block; called on any thread.</summary>
    /// <param name="block">The block.</param>
    /// <param name="result">Gets what it was packed to.</param>
    /// <returns>The length of that.</returns>
    protected abstract int Pack(ReadOnlySpan<byte> block, byte[] result);

    /// <summary>How long a packed block may be.</summary>
    /// <param name="length">The length of the block.</param>
    protected abstract int MaxPacked(int length);

    /// <summary>Is told of all that is written, in order.</summary>
    /// <param name="data">The data.</param>
    protected virtual void Count(ReadOnlySpan<byte> data)
    {
    }

    private void StartBlock()
    {
        byte[] block = _block;
        int length = _filled;
        _filled = 0;
        _running.Enqueue(Task.Run(() =>
        {
            byte[] result = ArrayPool<byte>.Shared.Rent(MaxPacked(length));
            int packedLength = Pack(block.AsSpan(0, length), result);
            ArrayPool<byte>.Shared.Return(block);
            return (result, packedLength);
        }));
    }

    private async Task PassOnAsync(CancellationToken cancellationToken)
    {
        (byte[] array, int length) = await _running.Dequeue();
        try
        {
            await BeginAsync(cancellationToken);
            await packed.WriteAsync(array.AsMemory(0, length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (!_begun)
        {
            _begun = true;
            await packed.WriteAsync(Head, cancellationToken);
        }
    }
}
