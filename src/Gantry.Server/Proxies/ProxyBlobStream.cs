namespace Gantry.Server.Proxies;

/// <summary>A blob that a proxy keeps; each read has the time of a call.</summary>
/// <param name="calls">The way to the proxy.</param>
/// <param name="blob">The blob.</param>
internal sealed class ProxyBlobStream(ProxyCalls calls, Stream blob) : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => blob.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => blob.Position;
        set => blob.Position = value;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        await calls.CallAsync("Read", token => blob.ReadAsync(buffer, token).AsTask(), cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("a remote blob is read asynchronously");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => blob.Seek(offset, origin);

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            blob.Dispose();
        }

        base.Dispose(disposing);
    }
}
