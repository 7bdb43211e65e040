using Gantry.Api.Services.Content;
using Gantry.Client.Internal;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Client.Content;

/// <summary>
/// A blob in a daemon's content store. One call streams from the position onwards for as long as it is read in order;
/// seeking begins another.
/// </summary>
internal sealed class RemoteContentStream(
    Connection connection,
    RpcHeaders headers,
    Digest digest,
    long length,
    RpcReader firstCall) : Stream
{
    private RpcReader? _call = firstCall;
    private ReadOnlyMemory<byte> _chunk;
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    /// <summary>Begins to read a blob.</summary>
    public static RpcReader Read(Connection connection, RpcHeaders headers, Digest digest, long offset) =>
        connection.Read(
            "/containerd.services.content.v1.Content/Read",
            new ReadContentRequest { Digest = digest.ToString(), Offset = offset },
            headers,
            CancellationToken.None);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || _position >= length)
        {
            return 0;
        }

        _call ??= Read(connection, headers, digest, _position);
        while (_chunk.Length == 0)
        {
            ReadContentResponse response = new();
            if (!await _call.ReadAsync(response, cancellationToken).ConfigureAwait(false))
            {
                throw new GantryException(
                    ErrorKind.DataLoss,
                    $"content {digest}: ended at {_position} of {length} bytes");
            }

            _chunk = response.Data.Memory;
        }

        int count = Math.Min(buffer.Length, _chunk.Length);
        _chunk[..count].CopyTo(buffer);
        _chunk = _chunk[count..];
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("a remote blob is read asynchronously");

    public override long Seek(long offset, SeekOrigin origin)
    {
        long target = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            _ => length + offset,
        };
        ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(offset));
        if (target != _position)
        {
            _call?.Dispose();
            _call = null;
            _chunk = default;
            _position = target;
        }

        return _position;
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _call?.Dispose();
            _call = null;
        }

        base.Dispose(disposing);
    }
}
