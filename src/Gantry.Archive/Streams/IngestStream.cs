using Gantry.Core.Content;

namespace Gantry.Archive.Streams;

/// <summary>Writes to an ingest of the content store, which stays the caller's.</summary>
internal sealed class IngestStream(IContentWriter writer) : WriteOnlyStream
{
    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        buffer.IsEmpty ? default : writer.WriteAsync(buffer, cancellationToken);
}
