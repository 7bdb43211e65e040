namespace Gantry.Archive.Streams;

/// <summary>Where bytes come from, chunk by chunk, without a copy.</summary>
internal abstract class ChunkSource
{
    /// <summary>The next chunk; empty at the end. The chunk given before is no longer valid.</summary>
    internal abstract ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken);
}
