using System.Text.Encodings.Web;
using System.Text.Json;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Export;

/// <summary>The documents at the root of an archive of images.</summary>
internal static class LayoutJson
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>oci-layout</c> (image-spec, image-layout.md).</summary>
    public static byte[] Layout => """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray();

    /// <summary><c>index.json</c>: the images by their names.</summary>
    public static byte[] Index(IEnumerable<(Descriptor Target, Dictionary<string, string> Names)> images) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("schemaVersion", 2);
        json.WriteString("mediaType", MediaTypes.OciIndex);
        json.WriteStartArray("manifests");
        foreach ((Descriptor target, Dictionary<string, string> names) in images)
        {
            json.WriteStartObject();
            json.WriteString("mediaType", target.MediaType);
            json.WriteString("digest", target.Digest.ToString());
            json.WriteNumber("size", target.Size);
            json.WriteStartObject("annotations");
            foreach ((string key, string value) in names)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            WritePlatform(json, target.Platform);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary><c>manifest.json</c>: one platform of each image, for Docker.</summary>
    public static byte[] Docker(IEnumerable<(string Name, ImageManifest Manifest)> images) => Write(json =>
    {
        json.WriteStartArray();
        foreach ((string name, ImageManifest manifest) in images)
        {
            json.WriteStartObject();
            json.WriteString("Config", PathOf(manifest.Config.Digest));
            json.WriteStartArray("RepoTags");
            json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteStartArray("Layers");
            foreach (Descriptor layer in manifest.Layers)
            {
                json.WriteStringValue(PathOf(layer.Digest));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>Where a blob is in an archive.</summary>
    public static string PathOf(Digest digest) => $"blobs/{digest.Algorithm}/{digest.Hex}";

    private static void WritePlatform(Utf8JsonWriter json, Platform? platform)
    {
        if (platform is null)
        {
            return;
        }

        json.WriteStartObject("platform");
        json.WriteString("architecture", platform.Architecture);
        json.WriteString("os", platform.Os);
        if (platform.Variant.Length > 0)
        {
            json.WriteString("variant", platform.Variant);
        }

        json.WriteEndObject();
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Plain))
        {
            write(json);
        }

        return stream.ToArray();
    }
}
