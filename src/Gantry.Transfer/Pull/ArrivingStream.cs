using Gantry.Archive.Streams;

namespace Gantry.Transfer.Pull;

/// <summary>Reads a blob from its start while it is being fetched.</summary>
/// <param name="blob">The blob.</param>
internal sealed class ArrivingStream(ArrivingBlob blob) : ReadOnlyStream
{
    private long _offset;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer) =>
        throw new NotSupportedException("a blob that arrives is read asynchronously");

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int length = await blob.ReadAsync(buffer, _offset, cancellationToken);
        _offset += length;
        return length;
    }
}
