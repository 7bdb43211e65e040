using System.Security.Cryptography;
using Gantry.Oci.Image;

namespace Gantry.Archive.Streams;

/// <summary>Hashes what is written through it to another stream, which stays the caller's.</summary>
internal sealed class DigestStream(Stream inner) : WriteOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The digest of all that was written; to be asked once.</summary>
    internal Digest Digest => Digest.FromHash(_hash);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _hash.AppendData(buffer.Span);
        return inner.WriteAsync(buffer, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
