using System.Buffers.Binary;
using System.IO.Compression;

namespace Gantry.Archive.Compression;

/// <summary>Packs as gzip on all processors, into one member.</summary>
/// <remarks>
/// RFC 1951 lets a stream consist of any number of blocks. The data of each part ends with an empty stored block, which
/// brings it to a whole byte (zlib calls it a sync flush), so parts can be joined; an empty last block ends it all.
/// </remarks>
internal sealed class ParallelGzipStream(Stream packed) : ParallelBlockStream(packed, BlockSize)
{
    private const int BlockSize = 1 << 20;
    private const int TrailerSize = 8;

    private Crc32 _sum;
    private uint _size;

    // ID1 ID2, deflate, no flags, no time, no extra flags, no system.
    private static readonly byte[] Header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

    /// <inheritdoc/>
    protected override ReadOnlyMemory<byte> Head => Header;

    /// <inheritdoc/>
    protected override ReadOnlyMemory<byte> Tail
    {
        get
        {
            byte[] trailer = new byte[LastBlock.Length + TrailerSize];
            LastBlock.CopyTo(trailer);
            BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(LastBlock.Length), _sum.Value);
            BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(LastBlock.Length + sizeof(uint)), _size);
            return trailer;
        }
    }

    // A block with the code that is fixed, which holds nothing, and is the last.
    private static ReadOnlySpan<byte> LastBlock => [3, 0];

    /// <inheritdoc/>
    protected override void Count(ReadOnlySpan<byte> data)
    {
        _sum.Append(data);
        _size += (uint)data.Length;
    }

    /// <inheritdoc/>
    /// <remarks>Deflate stores what it can't shrink, so it needs little more room than there is data.</remarks>
    protected override int MaxPacked(int length) => length + (length / 8) + 1024;

    /// <inheritdoc/>
    protected override int Pack(ReadOnlySpan<byte> block, byte[] result)
    {
        MemoryStream output = new(result);
        using DeflateStream deflate = new(output, CompressionLevel.Optimal, leaveOpen: true);
        deflate.Write(block);
        deflate.Flush();

        // What the end of the stream adds is not taken.
        return (int)output.Position;
    }
}
