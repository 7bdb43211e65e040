using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Images;

/// <summary>What an image has for one platform, as far as it is here.</summary>
/// <param name="Descriptor">The manifest.</param>
/// <param name="Platform">The platform; null when neither index nor config says.</param>
/// <param name="Manifest">The manifest; null when it is not here.</param>
/// <param name="Config">The config; null when it is not here, or this is no image that can run.</param>
/// <param name="Missing">What is not here.</param>
public sealed record PlatformImage(
    Descriptor Descriptor,
    Platform? Platform,
    ImageManifest? Manifest,
    ImageConfig? Config,
    IReadOnlyList<Descriptor> Missing)
{
    private const int MaxManifests = 4096;

    /// <summary>Manifest, config and layers; the manifest alone when it is not here.</summary>
    public IReadOnlyList<Descriptor> Parts { get; } =
        Manifest is null ? [Descriptor] : [Descriptor, Manifest.Config, .. Manifest.Layers];

    /// <summary>The parts that are here.</summary>
    public IEnumerable<Descriptor> Present => Parts.Except(Missing);

    /// <summary>The names of the snapshots that its layers make, lowest first; none when the config is not here.</summary>
    public IReadOnlyList<Digest> Chain { get; } = Config is null ? [] : ChainId.All(Config.DiffIds);

    /// <summary>Reads what an image has for each of its platforms.</summary>
    /// <param name="content">Where it is.</param>
    /// <param name="target">The manifest or index.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>A record for each manifest that its indexes name; none when an index is not here.</returns>
    /// <exception cref="GantryException">InvalidArgument: a part is malformed, or there are too many.</exception>
    public static async Task<IReadOnlyList<PlatformImage>> ReadAllAsync(
        IContentStore content,
        Descriptor target,
        CancellationToken cancellationToken)
    {
        List<PlatformImage> found = [];
        Stack<(Descriptor Target, int Depth)> pending = new([(target, 0)]);
        int seen = 0;
        while (pending.TryPop(out (Descriptor Target, int Depth) next))
        {
            if (next.Depth > ImageLimits.IndexDepth || ++seen > MaxManifests)
            {
                throw new GantryException(
                    ErrorKind.InvalidArgument, $"content {target.Digest}: indexes nested too deep, or too many manifests");
            }

            if (!MediaTypes.IsIndex(next.Target.MediaType))
            {
                found.Add(await ReadAsync(content, next.Target, cancellationToken));
            }
            else if (await content.HasAsync(next.Target.Digest, cancellationToken))
            {
                byte[] data = await BlobReader.ReadAsync(
                    content, next.Target, OciJson.MaxManifestBytes, cancellationToken);
                ImageIndex index = BlobReader.Parse(data, next.Target.Digest, d => OciJson.ParseIndex(d));
                foreach (Descriptor child in index.Manifests.Reverse())
                {
                    pending.Push((child, next.Depth + 1));
                }
            }
        }

        return found;
    }

    private static async Task<PlatformImage> ReadAsync(
        IContentStore content,
        Descriptor target,
        CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsManifest(target.MediaType) || !await content.HasAsync(target.Digest, cancellationToken))
        {
            return new PlatformImage(target, target.Platform, null, null, [target]);
        }

        byte[] data = await BlobReader.ReadAsync(content, target, OciJson.MaxManifestBytes, cancellationToken);
        ImageManifest manifest = BlobReader.Parse(data, target.Digest, d => OciJson.ParseManifest(d));
        List<Descriptor> missing = [];
        foreach (Descriptor blob in manifest.Layers.Prepend(manifest.Config))
        {
            if (!ImageContents.IsForeign(blob) && !await content.HasAsync(blob.Digest, cancellationToken))
            {
                missing.Add(blob);
            }
        }

        ImageConfig? config = null;
        if (MediaTypes.IsConfig(manifest.Config.MediaType) && !missing.Contains(manifest.Config))
        {
            byte[] bytes = await BlobReader.ReadAsync(
                content, manifest.Config, OciJson.MaxConfigBytes, cancellationToken);
            config = BlobReader.Parse(bytes, manifest.Config.Digest, d => OciJson.ParseConfig(d));
        }

        return new PlatformImage(target, target.Platform ?? config?.Platform, manifest, config, missing);
    }
}
