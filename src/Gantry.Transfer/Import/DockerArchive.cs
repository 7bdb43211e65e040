using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Gantry.Archive.Compression;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Metadata;
using Gantry.Oci.Image;
using Gantry.Transfer.Commit;
using Gantry.Transfer.Conversion;
using Gantry.Transfer.Images;

namespace Gantry.Transfer.Import;

/// <summary>What <c>docker save</c> writes: <c>manifest.json</c>, which names a config, layers and tags for each image.</summary>
internal static class DockerArchive
{
    private const int MaxImages = 4096;
    private const int MaxLayers = 4096;

    /// <summary>Makes manifests of the images, as they have none.</summary>
    /// <param name="scope">Gets the manifests, under a lease.</param>
    /// <param name="files">The archive.</param>
    /// <param name="document"><c>manifest.json</c>.</param>
    /// <param name="compress">Whether layers that are not packed are to be.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The manifests with their tags, which may be none.</returns>
    /// <exception cref="GantryException">InvalidArgument: it is malformed; NotFound: a part is not in the archive.</exception>
    public static async Task<List<(Descriptor Manifest, IReadOnlyList<string> Tags)>> ReadAsync(
        INamespaceScope scope,
        ArchiveFiles files,
        byte[] document,
        bool compress,
        CancellationToken cancellationToken)
    {
        JsonArray images = ConfigJson.ParseList(document, "manifest.json");
        Bound(images.Count, MaxImages, "images");
        LayerConverter? packer = compress ? new LayerConverter(scope, CompressionKind.Gzip, MediaTypeFamily.Docker) : null;
        List<(Descriptor, IReadOnlyList<string>)> found = [];
        foreach (JsonNode? node in images)
        {
            JsonObject image = node as JsonObject ?? throw Malformed("an image is no object");
            found.Add((await MakeManifestAsync(scope.Content, files, image, packer, cancellationToken), Strings(image, "RepoTags")));
        }

        return found;
    }

    private static async Task<Descriptor> MakeManifestAsync(
        IContentStore content,
        ArchiveFiles files,
        JsonObject image,
        LayerConverter? packer,
        CancellationToken cancellationToken)
    {
        string configName = Text(image["Config"]) ?? throw Malformed("Config is missing");
        Descriptor config = Part(files, configName) with { MediaType = MediaTypes.DockerConfig };
        List<string> names = Strings(image, "Layers");
        Bound(names.Count, MaxLayers, "layers");
        JsonArray layers = [];
        foreach (string name in names)
        {
            Descriptor layer = Part(files, name);
            string mediaType = await MediaTypeAsync(content, layer, cancellationToken);
            layer = layer with { MediaType = mediaType };
            if (packer is not null && mediaType == MediaTypes.DockerLayer)
            {
                layer = await packer.ConvertAsync(layer, default, cancellationToken);
            }

            layers.Add((JsonNode)NewManifest.ToJson(layer));
        }

        JsonObject manifest = new()
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.DockerManifest,
            ["config"] = NewManifest.ToJson(config),
            ["layers"] = layers,
        };
        byte[] configBytes = await BlobReader.ReadAsync(content, config, OciJson.MaxConfigBytes, cancellationToken);
        Platform platform = BlobReader.Parse(configBytes, config.Digest, d => OciJson.ParseConfig(d)).Platform;
        Descriptor stored = await BlobWriter.WriteAsync(
            content,
            MediaTypes.DockerManifest,
            ConfigJson.ToBytes(manifest),
            ImmutableDictionary<string, string>.Empty,
            cancellationToken);
        return stored with { Platform = platform };
    }

    private static async Task<string> MediaTypeAsync(
        IContentStore content,
        Descriptor layer,
        CancellationToken cancellationToken)
    {
        byte[] head = new byte[8];
        await using Stream stream = await content.OpenReaderAsync(layer.Digest, cancellationToken);
        int read = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        return Decompressor.Detect(head.AsSpan(0, read)) switch
        {
            CompressionKind.Gzip => MediaTypes.DockerLayerGzip,
            CompressionKind.Zstd => MediaTypes.DockerLayerZstd,
            _ => MediaTypes.DockerLayer,
        };
    }

    private static Descriptor Part(ArchiveFiles files, string name) =>
        files.Stored(name) ?? throw new GantryException(ErrorKind.NotFound, $"archive: {name}");

    private static string? Text(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static List<string> Strings(JsonObject image, string key) => image[key] switch
    {
        null => [],
        JsonArray list => [.. list.Select(item => Text(item) ?? throw Malformed($"{key} is no list of names"))],
        _ => throw Malformed($"{key} is no list of names"),
    };

    private static void Bound(int count, int limit, string what)
    {
        if (count > limit)
        {
            throw Malformed($"more than {limit} {what}");
        }
    }

    private static GantryException Malformed(string what) =>
        new(ErrorKind.InvalidArgument, $"archive: manifest.json: {what}");
}
