namespace Gantry.Archive.Compression;

/// <summary>Packs a stream. The same bytes are packed the same way each time: no name and no time are put in.</summary>
public static class Compressor
{
    private const int ZstdLevel = 3;

    /// <summary>Opens a stream that packs what is written to it.</summary>
    /// <param name="packed">Gets what is packed; it stays the caller's.</param>
    /// <param name="kind">How.</param>
    /// <returns>
    /// The stream to write to, asynchronously alone; the packed data is whole when it has been disposed so.
    /// </returns>
    public static Stream Open(Stream packed, CompressionKind kind) => kind switch
    {
        CompressionKind.Gzip => new ParallelGzipStream(packed),
        CompressionKind.Zstd => new ParallelZstdStream(packed, ZstdLevel),
        _ => new BufferedStream(packed),
    };
}
