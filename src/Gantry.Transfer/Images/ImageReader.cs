using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Images;

/// <summary>Reads images that are in the store: from the name to the manifest of a platform and its config.</summary>
/// <param name="scope">The namespace.</param>
public sealed class ImageReader(INamespaceScope scope)
{
    /// <summary>Reads an image by its name.</summary>
    /// <param name="name">The name of an image record.</param>
    /// <param name="platform">What it is to run on.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">
    /// NotFound: no such image, no manifest for the platform, or a part of it is not here; InvalidArgument: it is
    /// malformed.
    /// </exception>
    public async Task<ResolvedImage> ReadAsync(
        string name,
        PlatformMatcher platform,
        CancellationToken cancellationToken)
    {
        ImageRecord record = await scope.Images.GetAsync(name, cancellationToken);
        return await ReadAsync(record, platform, cancellationToken);
    }

    /// <summary>Reads an image by its record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="platform">What it is to run on.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">As for the other overload.</exception>
    public async Task<ResolvedImage> ReadAsync(
        ImageRecord record,
        PlatformMatcher platform,
        CancellationToken cancellationToken)
    {
        (Descriptor descriptor, ImageManifest manifest, ImageConfig config) =
            await FindAsync(record.Target, platform, 0, cancellationToken)
            ?? throw new GantryException(ErrorKind.NotFound, $"image \"{record.Name}\": no match for platform in manifest");
        return new ResolvedImage(record, descriptor, manifest, config);
    }

    /// <summary>Whether all that an image needs for a platform is in the store.</summary>
    /// <param name="record">The record.</param>
    /// <param name="platform">What it is to run on.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>What is missing; empty when nothing is.</returns>
    public async Task<IReadOnlyList<Descriptor>> MissingAsync(
        ImageRecord record,
        PlatformMatcher platform,
        CancellationToken cancellationToken)
    {
        ResolvedImage image = await ReadAsync(record, platform, cancellationToken);
        List<Descriptor> missing = [];
        foreach (Descriptor layer in image.Manifest.Layers)
        {
            if (!await scope.Content.HasAsync(layer.Digest, cancellationToken))
            {
                missing.Add(layer);
            }
        }

        return missing;
    }

    // A manifest that the record points at is taken whatever its platform; of an index the best that is here.
    private async Task<(Descriptor Descriptor, ImageManifest Manifest, ImageConfig Config)?> FindAsync(
        Descriptor target,
        PlatformMatcher platform,
        int depth,
        CancellationToken cancellationToken)
    {
        if (MediaTypes.IsManifest(target.MediaType))
        {
            byte[] data = await BlobReader.ReadAsync(
                scope.Content, target, OciJson.MaxManifestBytes, cancellationToken);
            ImageManifest manifest = BlobReader.Parse(data, target.Digest, d => OciJson.ParseManifest(d));
            ImageConfig config = await ReadConfigAsync(manifest.Config, cancellationToken);
            bool matches = depth == 0 || platform.Matches(target.Platform ?? config.Platform);
            return matches ? (target, manifest, config) : null;
        }

        if (!MediaTypes.IsIndex(target.MediaType) || depth >= ImageLimits.IndexDepth)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                depth >= ImageLimits.IndexDepth
                    ? $"content {target.Digest}: indexes nested more than {ImageLimits.IndexDepth} deep"
                    : $"content {target.Digest}: media type \"{target.MediaType}\" is no image");
        }

        byte[] bytes = await BlobReader.ReadAsync(scope.Content, target, OciJson.MaxManifestBytes, cancellationToken);
        ImageIndex index = BlobReader.Parse(bytes, target.Digest, d => OciJson.ParseIndex(d));
        GantryException? absent = null;
        foreach (Descriptor child in ManifestChoice.Order(index, platform))
        {
            try
            {
                if (await FindAsync(child, platform, depth + 1, cancellationToken) is { } found)
                {
                    return found;
                }
            }
            catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
            {
                // A worse match may be the one that was pulled.
                absent ??= e;
            }
        }

        return absent is null ? null : throw absent;
    }

    private async Task<ImageConfig> ReadConfigAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsConfig(descriptor.MediaType))
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"content {descriptor.Digest}: media type \"{descriptor.MediaType}\" is no image config");
        }

        byte[] data = await BlobReader.ReadAsync(
            scope.Content, descriptor, OciJson.MaxConfigBytes, cancellationToken);
        return BlobReader.Parse(data, descriptor.Digest, d => OciJson.ParseConfig(d));
    }
}
