using System.Collections.Immutable;
using Gantry.Archive;
using Gantry.Archive.Compression;
using Gantry.Archive.Streams;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Transfer.Conversion;

/// <summary>Packs the layers of an image as they are asked for; each once, in however many platforms it is.</summary>
/// <param name="scope">The namespace, under a lease.</param>
/// <param name="compression">How they are to be packed; null: as they are.</param>
/// <param name="family">Whose media types they are to have.</param>
internal sealed class LayerConverter(INamespaceScope scope, CompressionKind? compression, MediaTypeFamily family)
{
    private const int HeadBytes = 8;

    private readonly Dictionary<(Digest Layer, string MediaType), Descriptor> _made = [];

    /// <summary>A layer in its new form. What is no layer of files stays as it is, and so does one that is not to be passed on.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="diffId">What the config says of its digest unpacked; empty if it says nothing.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="GantryException">
    /// InvalidArgument: it is encrypted, or damaged; FailedPrecondition: it is not what the config says.
    /// </exception>
    public async Task<Descriptor> ConvertAsync(Descriptor layer, Digest diffId, CancellationToken cancellationToken)
    {
        if (!LayerMediaTypes.IsLayer(layer.MediaType))
        {
            return compression is null || !MediaTypes.IsLayer(layer.MediaType)
                ? layer
                : throw new GantryException(
                    ErrorKind.InvalidArgument, $"layer {layer.Digest}: media type \"{layer.MediaType}\" can't be unpacked");
        }

        if (compression is not { } kind || ImageContents.IsForeign(layer))
        {
            string same = ConvertedTypes.OfLayer(
                layer.MediaType, LayerMediaTypes.Kind(layer.MediaType), family);
            return layer with { MediaType = same };
        }

        string mediaType = ConvertedTypes.OfLayer(layer.MediaType, kind, family);
        if (await KindAsync(layer, cancellationToken) == kind)
        {
            return layer with { MediaType = mediaType };
        }

        if (!_made.TryGetValue((layer.Digest, mediaType), out Descriptor? made))
        {
            made = await RepackAsync(layer, mediaType, kind, diffId, cancellationToken);
            _made.Add((layer.Digest, mediaType), made);
        }

        return made;
    }

    // By its bytes: media types are known to lie.
    private async Task<CompressionKind> KindAsync(Descriptor layer, CancellationToken cancellationToken)
    {
        await using Stream stream = await scope.Content.OpenReaderAsync(layer.Digest, cancellationToken);
        byte[] head = new byte[HeadBytes];
        int read = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        return Decompressor.Detect(head.AsSpan(0, read));
    }

    private async Task<Descriptor> RepackAsync(
        Descriptor layer,
        string mediaType,
        CompressionKind kind,
        Digest expected,
        CancellationToken cancellationToken)
    {
        Digest unpacked = default;
        Descriptor made = await WrittenBlob.StoreAsync(
            scope.Content,
            mediaType,
            async (output, token) =>
            {
                await using VerifiedStream packed = new(
                    await scope.Content.OpenReaderAsync(layer.Digest, token), layer.Digest, layer.Size);
                unpacked = await Recompressor.CopyAsync(packed, output, kind, token);
                await packed.DrainAsync(token);
                if (!expected.IsEmpty && unpacked != expected)
                {
                    throw new GantryException(
                        ErrorKind.FailedPrecondition,
                        $"layer {layer.Digest}: unpacked it is {unpacked}, but the config of its image says {expected}");
                }
            },
            cancellationToken);
        if (scope.LeaseId is { } lease)
        {
            await scope.Leases.AddResourceAsync(
                lease, new LeaseResource(made.Digest.ToString(), "content"), cancellationToken);
        }

        ContentInfo info = await scope.Content.InfoAsync(made.Digest, cancellationToken);
        await scope.Content.UpdateAsync(
            info with { Labels = ImmutableDictionary<string, string>.Empty.Add(WellKnownLabels.Uncompressed, unpacked.ToString()) },
            new FieldMask(["labels." + WellKnownLabels.Uncompressed]),
            cancellationToken);
        return made;
    }
}
