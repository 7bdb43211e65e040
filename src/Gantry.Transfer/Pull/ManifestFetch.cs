using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;

namespace Gantry.Transfer.Pull;

/// <summary>Fetches the manifests that are wanted of an image, and the indexes that lead to them.</summary>
/// <param name="scope">The namespace, under the lease that keeps them.</param>
/// <param name="fetcher">Fetches.</param>
/// <param name="request">What is wanted.</param>
/// <param name="progress">Is told of each; null for nobody.</param>
internal sealed class ManifestFetch(
    INamespaceScope scope, BlobFetcher fetcher, PullRequest request, IProgress<PullProgress>? progress)
{
    private readonly HashSet<Digest> _indexes = [];
    private int _manifests;

    /// <summary>Fetches them.</summary>
    /// <param name="target">The manifest or index that the name stands for.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>None when there is none for the platform.</returns>
    /// <exception cref="GantryException">
    /// InvalidArgument: one is malformed, or there are too many; and what the registry and the stores say.
    /// </exception>
    public Task<List<FetchedManifest>> FetchAsync(Descriptor target, CancellationToken cancellationToken) =>
        FetchAsync(target, 0, cancellationToken);

    /// <summary>Reads the config of an image.</summary>
    /// <param name="scope">Where it is.</param>
    /// <param name="descriptor">The config.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<ImageConfig> ReadConfigAsync(
        INamespaceScope scope, Descriptor descriptor, CancellationToken cancellationToken)
    {
        byte[] data = await BlobReader.ReadAsync(
            scope.Content, descriptor, OciJson.MaxConfigBytes, cancellationToken);
        return BlobReader.Parse(data, descriptor.Digest, d => OciJson.ParseConfig(d));
    }

    private Task<List<FetchedManifest>> FetchAsync(Descriptor target, int depth, CancellationToken cancellationToken)
    {
        if (_indexes.Count + _manifests >= ImageLimits.Manifests)
        {
            throw Refused(target, $"an image of more than {ImageLimits.Manifests} manifests");
        }

        return MediaTypes.IsManifest(target.MediaType)
            ? FetchManifestAsync(target, depth, cancellationToken)
            : FetchIndexAsync(target, depth, cancellationToken);
    }

    private async Task<List<FetchedManifest>> FetchManifestAsync(
        Descriptor target, int depth, CancellationToken cancellationToken)
    {
        _manifests++;
        ImageManifest? manifest = null;
        await fetcher.FetchManifestAsync(
            target,
            bytes => ContentLabels.Children(
                manifest = BlobReader.Parse(bytes, target.Digest, d => OciJson.ParseManifest(d))),
            cancellationToken);
        if (manifest!.Layers.Count > ImageLimits.Layers)
        {
            throw Refused(target, $"{manifest.Layers.Count} layers, more than {ImageLimits.Layers}");
        }

        progress?.Report(PullProgress.Opened(target, manifest.Layers.Prepend(manifest.Config)));
        return depth == 0 || target.Platform is not null || await ConfigFitsAsync(manifest, cancellationToken)
            ? [new FetchedManifest(target, manifest)]
            : [];
    }

    private async Task<List<FetchedManifest>> FetchIndexAsync(
        Descriptor target, int depth, CancellationToken cancellationToken)
    {
        if (depth >= ImageLimits.IndexDepth)
        {
            throw Refused(target, $"indexes nested more than {ImageLimits.IndexDepth} deep");
        }

        // What is in an index that was looked through is known.
        if (!_indexes.Add(target.Digest))
        {
            return [];
        }

        ImageIndex? index = null;
        await fetcher.FetchManifestAsync(
            target,
            bytes => ContentLabels.Children(
                index = BlobReader.Parse(bytes, target.Digest, d => OciJson.ParseIndex(d))),
            cancellationToken);
        progress?.Report(PullProgress.Opened(target, index!.Manifests));
        List<FetchedManifest> found = [];
        foreach (Descriptor child in ManifestChoice.Order(index!, request.Platform))
        {
            found.AddRange(await FetchAsync(child, depth + 1, cancellationToken));
            if (found.Count > 0 && !request.AllPlatforms)
            {
                break;
            }
        }

        return found;
    }

    private async Task<bool> ConfigFitsAsync(ImageManifest manifest, CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsConfig(manifest.Config.MediaType))
        {
            return false;
        }

        await fetcher.FetchBlobAsync(manifest.Config, arriving: null, cancellationToken);
        ImageConfig config = await ReadConfigAsync(scope, manifest.Config, cancellationToken);
        return request.Platform.Matches(config.Platform);
    }

    private static GantryException Refused(Descriptor target, string why) =>
        new(ErrorKind.InvalidArgument, $"content {target.Digest}: {why}");
}
