using Gantry.Archive.Streams;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Archive.Compression;

/// <summary>Packs a stream in another way.</summary>
public static class Recompressor
{
    /// <summary>Unpacks a stream and packs what it holds again, byte for byte the same.</summary>
    /// <param name="packed">What is read, to its end; it stays the caller's.</param>
    /// <param name="output">Gets the new form, the same each time; it stays the caller's.</param>
    /// <param name="kind">How it is to be packed.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The digest of what is packed.</returns>
    /// <exception cref="GantryException">InvalidArgument: the stream is damaged or ends too early.</exception>
    public static async Task<Digest> CopyAsync(
        Stream packed, Stream output, CompressionKind kind, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(packed);
        ArgumentNullException.ThrowIfNull(output);
        try
        {
            await using Stream compressor = Compressor.Open(output, kind);
            await using DigestStream digest = new(compressor);
            await using Stream plain = await Decompressor.OpenAsync(packed, cancellationToken);
            await plain.CopyToAsync(digest, cancellationToken);
            return digest.Digest;
        }
        catch (Exception exception) when (Decompressor.IsMalformed(exception))
        {
            throw Decompressor.Malformed(exception);
        }
    }
}
