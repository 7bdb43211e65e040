using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;
using Gantry.Transfer.Pull;

namespace Gantry.Transfer.Images;

/// <summary>Writes small blobs (manifests, configs) out of memory.</summary>
internal static class BlobWriter
{
    /// <summary>Stores a blob with labels. One that is there gets the labels too.</summary>
    /// <returns>Its descriptor.</returns>
    public static async Task<Descriptor> WriteAsync(
        IContentStore content,
        string mediaType,
        byte[] data,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        Descriptor descriptor = new(mediaType, Digest.OfBytes(data), data.Length);
        try
        {
            await using IContentWriter writer = await content.OpenWriterAsync(
                IngestRef.Of(descriptor), descriptor.Size, descriptor.Digest, cancellationToken);
            if (writer.Status.Offset > 0)
            {
                await writer.RestartAsync(cancellationToken);
            }

            await writer.WriteAsync(data, cancellationToken);
            await writer.CommitAsync(descriptor.Size, descriptor.Digest, labels, cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists)
        {
            ContentInfo info = await content.InfoAsync(descriptor.Digest, cancellationToken);
            await content.UpdateAsync(
                info with { Labels = labels },
                new FieldMask([.. labels.Keys.Select(key => "labels." + key)]),
                cancellationToken);
        }

        return descriptor;
    }
}
