using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Labels;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Transfer.Pull;

/// <summary>
/// Finds an image that is here as a pull would leave it. Its record keeps all of it, so that no lease is needed to look, and
/// nothing is written to leave it as it is: its record neither, and no event tells of it.
/// </summary>
/// <param name="scope">Where to look.</param>
/// <param name="request">What is to be pulled.</param>
/// <param name="progress">Is told of each part; null for nobody.</param>
internal sealed class PresentImage(INamespaceScope scope, PullRequest request, IProgress<PullProgress>? progress)
{
    private readonly string _source = WellKnownLabels.DistributionSource + request.Reference.Host;

    /// <summary>Looks for it.</summary>
    /// <param name="target">What the name stands for in the registry.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>Null when something is missing, or it can't be told without asking the registry.</returns>
    public async Task<PullResult?> FindAsync(Descriptor target, CancellationToken cancellationToken)
    {
        // A lease of the caller's is to have all of the image, whatever becomes of the record.
        if (request.AllPlatforms || request.Unpacks.Any(target => target.IsRemote) || scope.LeaseId is not null)
        {
            return null;
        }

        try
        {
            ImageRecord image = await scope.Images.GetAsync(request.NameOf(target.Digest), cancellationToken);
            if (image.Target.Digest != target.Digest || image.Target.MediaType != target.MediaType)
            {
                return null;
            }

            List<Descriptor> parts = [];
            Digest? chain = await FindChainAsync(target, parts, cancellationToken);
            if (chain is not { } top)
            {
                return null;
            }

            if (request.Labels.Any(label => image.Labels.GetValueOrDefault(label.Key) != label.Value))
            {
                // An image that was removed meanwhile is not made again: what belongs to it may be on its way out.
                FieldMask mask = new([.. request.Labels.Keys.Select(key => "labels." + key)]);
                image = await scope.Images.UpdateAsync(image with { Labels = request.Labels }, mask, cancellationToken);
            }

            foreach (Descriptor part in parts)
            {
                progress?.Report(new PullProgress(
                    IngestRef.Of(part), part.Digest, part.Size, part.Size, PullState.Exists));
            }

            return new PullResult(image, [parts.Last(part => MediaTypes.IsManifest(part.MediaType))], top);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            return null;
        }
    }

    // The chain of the best manifest, which is empty if nothing is to be unpacked.
    private async Task<Digest?> FindChainAsync(
        Descriptor target, List<Descriptor> parts, CancellationToken cancellationToken)
    {
        Descriptor document = target;
        for (int depth = 0; !MediaTypes.IsManifest(document.MediaType); depth++)
        {
            byte[]? bytes = depth < ImageLimits.IndexDepth && MediaTypes.IsIndex(document.MediaType)
                ? await ReadAsync(document, OciJson.MaxManifestBytes, parts, cancellationToken)
                : null;
            ImageIndex? index = bytes is null ? null : BlobReader.Parse(bytes, document.Digest, d => OciJson.ParseIndex(d));
            if (index is null
                || ManifestChoice.Order(index, request.Platform) is not [{ Platform: not null } child, ..])
            {
                return null;
            }

            document = child;
        }

        if (await ReadAsync(document, OciJson.MaxManifestBytes, parts, cancellationToken) is not { } data)
        {
            return null;
        }

        ImageManifest manifest = BlobReader.Parse(data, document.Digest, d => OciJson.ParseManifest(d));
        foreach (Descriptor layer in manifest.Layers)
        {
            if (await FindAsync(layer, parts, cancellationToken) is null)
            {
                return null;
            }
        }

        return await FindAsync(manifest.Config, parts, cancellationToken) is { } config
            ? await FindSnapshotAsync(document, manifest, config, cancellationToken)
            : null;
    }

    private async Task<Digest?> FindSnapshotAsync(
        Descriptor document, ImageManifest manifest, ContentInfo info, CancellationToken cancellationToken)
    {
        if (request.UnpackOf(document) is not { } unpack || !MediaTypes.IsConfig(manifest.Config.MediaType))
        {
            return default(Digest);
        }

        byte[] data = await BlobReader.ReadAsync(
            scope.Content, manifest.Config, OciJson.MaxConfigBytes, cancellationToken);
        ImageConfig config = BlobReader.Parse(data, manifest.Config.Digest, d => OciJson.ParseConfig(d));
        if (config.DiffIds.Count != manifest.Layers.Count || config.DiffIds.Count == 0)
        {
            return null;
        }

        Digest chain = ChainId.Of(config.DiffIds);
        await scope.Snapshots(unpack.Snapshotter).StatAsync(chain.ToString(), cancellationToken);
        return info.Labels.GetValueOrDefault(WellKnownLabels.GcRefSnapshot + unpack.Snapshotter) == chain.ToString() ? chain : null;
    }

    private async Task<byte[]?> ReadAsync(
        Descriptor document, int limit, List<Descriptor> parts, CancellationToken cancellationToken) =>
        await FindAsync(document, parts, cancellationToken) is null
            ? null
            : await BlobReader.ReadAsync(scope.Content, document, limit, cancellationToken);

    // Null when it is not noted that the blob can be had from this repository.
    private async Task<ContentInfo?> FindAsync(
        Descriptor part, List<Descriptor> parts, CancellationToken cancellationToken)
    {
        ContentInfo info = await scope.Content.InfoAsync(part.Digest, cancellationToken);
        string repositories = info.Labels.GetValueOrDefault(_source) ?? "";
        if (!repositories.Split(',').Contains(request.Reference.Path, StringComparer.Ordinal))
        {
            return null;
        }

        parts.Add(part);
        return info;
    }
}
