using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Images;

/// <summary>Reads small blobs (manifests, indexes, configs) into memory.</summary>
internal static class BlobReader
{
    /// <summary>The bytes of a blob, checked against its descriptor.</summary>
    /// <exception cref="GantryException">
    /// NotFound; InvalidArgument: it is larger than the limit; FailedPrecondition: it is not what the descriptor says.
    /// </exception>
    public static async Task<byte[]> ReadAsync(
        IContentStore content,
        Descriptor descriptor,
        int limit,
        CancellationToken cancellationToken)
    {
        if (descriptor.Size > limit)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"content {descriptor.Digest}: {descriptor.Size} bytes, greater than the limit of {limit}");
        }

        await using Stream stream = await content.OpenReaderAsync(descriptor.Digest, cancellationToken);
        byte[] data = new byte[descriptor.Size];
        int read = await stream.ReadAtLeastAsync(data, data.Length, throwOnEndOfStream: false, cancellationToken);
        if (read != data.Length || Digest.OfBytes(data) != descriptor.Digest && descriptor.Digest.Algorithm == "sha256")
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"content {descriptor.Digest}: not the bytes that its digest says");
        }

        return data;
    }

    /// <summary>Reads a document with one of the parsers of <see cref="OciJson"/>.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is malformed.</exception>
    public static T Parse<T>(byte[] data, Digest digest, Func<byte[], T> parser)
    {
        try
        {
            return parser(data);
        }
        catch (FormatException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"content {digest}: {e.Message}", e);
        }
    }
}
