using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Gantry.Archive.Streams;

namespace Gantry.Archive.Compression;

/// <summary>
/// Packs as gzip on all processors: blocks of a fixed size are deflated each by itself and put one behind the other into
/// one member. What comes out depends on what goes in alone, not on the number of processors.
/// </summary>
/// <remarks>
/// RFC 1951 lets a stream consist of any number of blocks. The data of each part ends with an empty stored block, which
/// brings it to a whole byte (zlib calls it a sync flush), so parts can be joined; an empty last block ends it all.
/// </remarks>
internal sealed class ParallelGzipStream(Stream packed) : WriteOnlyStream
{
    private const int BlockSize = 1 << 20;

    // Deflate stores what it can't shrink, so it needs little more room than there is data.
    private const int PackedSize = BlockSize + (BlockSize / 8) + 1024;
    private const int TrailerSize = 8;

    private readonly Queue<Task<(byte[] Array, int Length)>> _running = new();
    private readonly int _maxRunning = Environment.ProcessorCount + 1;
    private byte[] _block = ArrayPool<byte>.Shared.Rent(BlockSize);
    private Crc32 _sum;
    private int _filled;
    private uint _size;
    private bool _begun;
    private bool _disposed;

    // ID1 ID2, deflate, no flags, no time, no extra flags, no system.
    private static ReadOnlySpan<byte> Header => [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

    // A block with the code that is fixed, which holds nothing, and is the last.
    private static ReadOnlySpan<byte> LastBlock => [3, 0];

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default)
    {
        _sum.Append(buffer.Span);
        _size += (uint)buffer.Length;
        while (!buffer.IsEmpty)
        {
            int taken = Math.Min(buffer.Length, BlockSize - _filled);
            buffer[..taken].CopyTo(_block.AsMemory(_filled));
            buffer = buffer[taken..];
            _filled += taken;
            if (_filled == BlockSize)
            {
                StartBlock();
                _block = ArrayPool<byte>.Shared.Rent(BlockSize);
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
        if (_filled > 0)
        {
            StartBlock();
        }

        while (_running.Count > 0)
        {
            await PassOnAsync(CancellationToken.None);
        }

        byte[] trailer = new byte[LastBlock.Length + TrailerSize];
        LastBlock.CopyTo(trailer);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(LastBlock.Length), _sum.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(LastBlock.Length + sizeof(uint)), _size);
        await BeginAsync(CancellationToken.None);
        await packed.WriteAsync(trailer, CancellationToken.None);
        await base.DisposeAsync();
    }

    private static (byte[] Array, int Length) Deflate(byte[] block, int length)
    {
        byte[] result = ArrayPool<byte>.Shared.Rent(PackedSize);
        MemoryStream output = new(result);
        using (DeflateStream deflate = new(output, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(block, 0, length);
            deflate.Flush();
            length = (int)output.Position;
        }

        // What the end of the stream has added is not taken.
        ArrayPool<byte>.Shared.Return(block);
        return (result, length);
    }

    private void StartBlock()
    {
        byte[] block = _block;
        int length = _filled;
        _filled = 0;
        _running.Enqueue(Task.Run(() => Deflate(block, length)));
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
            await packed.WriteAsync(Header.ToArray(), cancellationToken);
        }
    }
}
