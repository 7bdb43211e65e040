using System.Security.Cryptography;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Archive.Streams;

/// <summary>
/// A stream from outside that is held to its word as it passes: more bytes than promised fail at once, fewer bytes or
/// another digest fail where the stream ends, before its reader is told that it has.
/// </summary>
public sealed class VerifiedStream : ReadOnlyStream
{
    private readonly Stream _inner;
    private readonly IncrementalHash _hash;
    private readonly Digest _digest;
    private readonly long _size;
    private long _passed;
    private bool _verified;

    /// <summary>Wraps a stream, which is disposed with this one.</summary>
    /// <param name="inner">The stream.</param>
    /// <param name="digest">The digest that its bytes must have.</param>
    /// <param name="size">How many bytes it must have; 0 or less when that is not known.</param>
    public VerifiedStream(Stream inner, Digest digest, long size)
    {
        _inner = inner;
        _digest = digest;
        _size = size;
        _hash = digest.CreateHash();
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int length = _inner.Read(buffer);
        Pass(buffer[..length], asked: buffer.Length);
        return length;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int length = await _inner.ReadAsync(buffer, cancellationToken);
        Pass(buffer.Span[..length], asked: buffer.Length);
        return length;
    }

    /// <summary>Reads what is left, and so learns whether the stream is what it should be.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">FailedPrecondition: it is not.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken) =>
        await CopyToAsync(Null, cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Pass(ReadOnlySpan<byte> bytes, int asked)
    {
        if (_verified)
        {
            return;
        }

        _hash.AppendData(bytes);
        _passed += bytes.Length;
        bool ended = bytes.IsEmpty && asked > 0;
        if (_size > 0 && (_passed > _size || (ended && _passed < _size)))
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"content {_digest}: {(ended ? "ends after" : "has more than")} {(ended ? _passed : _size)} bytes, "
                + $"expected {_size}");
        }

        if (ended)
        {
            Digest actual = Digest.FromHash(_hash);
            _verified = actual == _digest
                ? true
                : throw new GantryException(
                    ErrorKind.FailedPrecondition, $"unexpected digest {actual}, expected {_digest}");
        }
    }
}
