using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Images;

/// <summary>All that an image, or one manifest of it, consists of, as far as it is here.</summary>
public sealed class ImageContents
{
    private readonly List<Descriptor> _manifests = [];
    private readonly Dictionary<Digest, Descriptor> _blobs = [];
    private readonly List<MissingPart> _missing = [];
    private readonly HashSet<Digest> _seen = [];
    private readonly Dictionary<Digest, IReadOnlyList<Descriptor>> _children = [];

    private ImageContents()
    {
    }

    /// <summary>The manifests and indexes that are here, each after those that it refers to; the whole is the last.</summary>
    public IReadOnlyList<Descriptor> Manifests => _manifests;

    /// <summary>The configs and layers that are here, each once.</summary>
    public IReadOnlyCollection<Descriptor> Blobs => _blobs.Values;

    /// <summary>What each of the manifests and indexes refers to.</summary>
    internal IReadOnlyDictionary<Digest, IReadOnlyList<Descriptor>> Children => _children;

    /// <summary>What is not here. A layer that is to be had elsewhere by its nature does not count.</summary>
    public IReadOnlyList<MissingPart> Missing => _missing;

    /// <summary>Manifests of which every part is here.</summary>
    public int WholeManifests { get; private set; }

    /// <summary>Bytes of all that is here.</summary>
    public long Size => _manifests.Concat(_blobs.Values).Sum(part => part.Size);

    /// <summary>Reads it.</summary>
    /// <param name="content">Where it is.</param>
    /// <param name="target">The manifest or index.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">InvalidArgument: a part is malformed, or there are too many.</exception>
    public static async Task<ImageContents> ReadAsync(
        IContentStore content,
        Descriptor target,
        CancellationToken cancellationToken)
    {
        ImageContents contents = new();
        await contents.AddAsync(content, target, target.Platform, 0, cancellationToken);
        return contents;
    }

    /// <summary>Whether a layer is not to be passed on, but to be fetched from where it is published.</summary>
    /// <param name="layer">The layer.</param>
    public static bool IsForeign(Descriptor layer) => IsForeign(layer.MediaType);

    /// <summary>Whether layers of a media type are not to be passed on, but to be fetched from where they are published.</summary>
    /// <param name="mediaType">The media type.</param>
    public static bool IsForeign(string mediaType) =>
        mediaType.Contains(".nondistributable.", StringComparison.Ordinal)
        || mediaType.Contains(".foreign.", StringComparison.Ordinal);

    private async Task AddAsync(
        IContentStore content,
        Descriptor target,
        Platform? platform,
        int depth,
        CancellationToken cancellationToken)
    {
        if (!_seen.Add(target.Digest))
        {
            return;
        }

        if (depth > ImageLimits.IndexDepth || _seen.Count > ImageLimits.Manifests)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                depth > ImageLimits.IndexDepth
                    ? $"content {target.Digest}: indexes nested more than {ImageLimits.IndexDepth} deep"
                    : $"content {target.Digest}: more than {ImageLimits.Manifests} manifests");
        }

        bool isIndex = MediaTypes.IsIndex(target.MediaType);
        if (!isIndex && !MediaTypes.IsManifest(target.MediaType))
        {
            await AddBlobAsync(content, target, platform, cancellationToken);
            return;
        }

        if (!await content.HasAsync(target.Digest, cancellationToken))
        {
            _missing.Add(new MissingPart(target, platform));
            return;
        }

        byte[] data = await BlobReader.ReadAsync(content, target, OciJson.MaxManifestBytes, cancellationToken);
        if (isIndex)
        {
            ImageIndex index = BlobReader.Parse(data, target.Digest, d => OciJson.ParseIndex(d));
            _children[target.Digest] = index.Manifests;
            foreach (Descriptor child in index.Manifests)
            {
                await AddAsync(content, child, child.Platform ?? platform, depth + 1, cancellationToken);
            }
        }
        else
        {
            ImageManifest manifest = BlobReader.Parse(data, target.Digest, d => OciJson.ParseManifest(d));
            int missing = _missing.Count;
            Descriptor[] blobs = [manifest.Config, .. manifest.Layers];
            _children[target.Digest] = blobs;
            foreach (Descriptor blob in blobs)
            {
                await AddBlobAsync(content, blob, platform, cancellationToken);
            }

            WholeManifests += _missing.Count == missing ? 1 : 0;
        }

        _manifests.Add(target);
    }

    private async Task AddBlobAsync(
        IContentStore content,
        Descriptor blob,
        Platform? platform,
        CancellationToken cancellationToken)
    {
        if (_blobs.ContainsKey(blob.Digest))
        {
            return;
        }

        if (await content.HasAsync(blob.Digest, cancellationToken))
        {
            _blobs.Add(blob.Digest, blob);
        }
        else if (!IsForeign(blob))
        {
            _missing.Add(new MissingPart(blob, platform));
        }
    }
}
