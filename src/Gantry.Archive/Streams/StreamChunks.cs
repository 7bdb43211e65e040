namespace Gantry.Archive.Streams;

/// <summary>Chunks of a stream, read when they are asked for.</summary>
internal sealed class StreamChunks(Stream stream) : ChunkSource
{
    private const int ChunkSize = 128 * 1024;

    private readonly byte[] _buffer = new byte[ChunkSize];

    /// <inheritdoc/>
    internal override async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken)
    {
        int length = await stream.ReadAsync(_buffer, cancellationToken);
        return _buffer.AsMemory(0, length);
    }
}
