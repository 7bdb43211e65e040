namespace Gantry.Archive.Compression;

/// <summary>Packs as zstd on all processors: a frame for each block, which RFC 8878 (section 3) has decoders join.</summary>
internal sealed class ParallelZstdStream(Stream packed, int level) : ParallelBlockStream(packed, BlockSize)
{
    // The window of the usual level: a smaller block would find less to refer to, a larger one not much more.
    private const int BlockSize = 2 << 20;

    /// <inheritdoc/>
    protected override bool NeedsBlock => true;

    /// <inheritdoc/>
    protected override int MaxPacked(int length) => ZstdSharp.Compressor.GetCompressBound(length);

    /// <inheritdoc/>
    protected override int Pack(ReadOnlySpan<byte> block, byte[] result)
    {
        using ZstdSharp.Compressor compressor = new(level);
        return compressor.Wrap(block, result);
    }
}
