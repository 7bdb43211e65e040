using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gantry.Oci.Image;

namespace Gantry.Testing;

/// <summary>An OCI image layout in a directory (image-spec, image-layout.md), written by hand.</summary>
public sealed class OciLayout
{
    private readonly JsonArray _manifests = [];

    /// <summary>Makes an empty layout.</summary>
    /// <param name="directory">A directory, which need not exist.</param>
    public OciLayout(string directory)
    {
        Directory = directory;
        System.IO.Directory.CreateDirectory(Path.Combine(directory, "blobs", "sha256"));
        File.WriteAllText(Path.Combine(directory, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        WriteIndex();
    }

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>How skopeo calls an image of it.</summary>
    /// <param name="tag">The image's tag.</param>
    public string Source(string tag) => $"oci:{Directory}:{tag}";

    /// <summary>Adds a blob.</summary>
    /// <param name="mediaType">Its media type.</param>
    /// <param name="data">Its bytes.</param>
    public Descriptor Add(string mediaType, byte[] data)
    {
        Digest digest = Digest.OfBytes(data);
        File.WriteAllBytes(Path.Combine(Directory, "blobs", "sha256", digest.Hex), data);
        return new Descriptor(mediaType, digest, data.Length);
    }

    /// <summary>Adds a JSON document.</summary>
    /// <param name="mediaType">Its media type.</param>
    /// <param name="json">The document.</param>
    public Descriptor Add(string mediaType, JsonNode json) => Add(mediaType, Encoding.UTF8.GetBytes(json.ToJsonString()));

    /// <summary>Adds an image and gives it a tag.</summary>
    /// <param name="tag">The tag; null for none.</param>
    /// <param name="platform">What it runs on.</param>
    /// <param name="layers">Its layers, lowest first, with the digest of each uncompressed tar.</param>
    /// <param name="config">The <c>config</c> object of its config; null for an empty one.</param>
    public Descriptor AddImage(
        string? tag,
        Platform platform,
        IReadOnlyList<(Descriptor Layer, Digest DiffId)> layers,
        JsonObject? config = null)
    {
        JsonObject json = new()
        {
            ["created"] = "2024-01-02T03:04:05Z",
            ["architecture"] = platform.Architecture,
            ["os"] = platform.Os,
            ["config"] = config ?? [],
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray([.. layers.Select(l => (JsonNode)l.DiffId.ToString())]),
            },
        };
        Descriptor configDescriptor = Add(MediaTypes.OciConfig, json);
        return AddManifest(tag, configDescriptor, [.. layers.Select(l => l.Layer)]) with { Platform = platform };
    }

    /// <summary>Adds a manifest of a config and layers that were added before, and gives it a tag.</summary>
    /// <param name="tag">The tag; null for none.</param>
    /// <param name="config">The config.</param>
    /// <param name="layers">The layers, lowest first.</param>
    public Descriptor AddManifest(string? tag, Descriptor config, IReadOnlyList<Descriptor> layers)
    {
        Descriptor manifest = Add(
            MediaTypes.OciManifest,
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = MediaTypes.OciManifest,
                ["config"] = ToJson(config),
                ["layers"] = new JsonArray([.. layers.Select(layer => (JsonNode)ToJson(layer))]),
            });
        if (tag is not null)
        {
            Tag(tag, manifest);
        }

        return manifest;
    }

    /// <summary>Adds an index of manifests and gives it a tag.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="manifests">The manifests, with their platforms.</param>
    public Descriptor AddIndex(string tag, params IReadOnlyList<Descriptor> manifests)
    {
        Descriptor index = Add(
            MediaTypes.OciIndex,
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = MediaTypes.OciIndex,
                ["manifests"] = new JsonArray([.. manifests.Select(m => (JsonNode)ToJson(m))]),
            });
        Tag(tag, index);
        return index;
    }

    private static JsonObject ToJson(Descriptor descriptor)
    {
        JsonObject json = new()
        {
            ["mediaType"] = descriptor.MediaType,
            ["digest"] = descriptor.Digest.ToString(),
            ["size"] = descriptor.Size,
        };
        if (descriptor.Platform is { } platform)
        {
            JsonObject inner = new() { ["architecture"] = platform.Architecture, ["os"] = platform.Os };
            if (platform.Variant.Length > 0)
            {
                inner["variant"] = platform.Variant;
            }

            json["platform"] = inner;
        }

        return json;
    }

    private void Tag(string tag, Descriptor descriptor)
    {
        JsonObject json = ToJson(descriptor);
        json["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        _manifests.Add((JsonNode)json);
        WriteIndex();
    }

    private void WriteIndex()
    {
        JsonObject index = new() { ["schemaVersion"] = 2, ["manifests"] = _manifests.DeepClone() };
        File.WriteAllText(Path.Combine(Directory, "index.json"), index.ToJsonString(JsonSerializerOptions.Default));
    }
}
