using System.Buffers;
using System.Text.Json;
using Gantry.Oci.Image;

namespace Gantry.Distribution.Push;

/// <summary>
/// The list of what refers to a manifest, as clients keep it in a registry that does not: an index under a tag that is
/// made of the manifest's digest (distribution-spec, Referrers Tag Schema).
/// </summary>
internal static class ReferrersTag
{
    private const int MaxAlgorithm = 32;
    private const int MaxEncoded = 64;

    /// <summary>The tag.</summary>
    public static string Of(Digest subject)
    {
        string algorithm = subject.Algorithm;
        string hex = subject.Hex;
        return $"{algorithm[..Math.Min(algorithm.Length, MaxAlgorithm)]}-{hex[..Math.Min(hex.Length, MaxEncoded)]}";
    }

    /// <summary>What a manifest or index refers to, and how it stands in the list; null when it has no subject.</summary>
    public static (Digest Subject, Descriptor Entry)? SubjectOf(byte[] data, Descriptor descriptor)
    {
        try
        {
            if (MediaTypes.IsIndex(descriptor.MediaType))
            {
                ImageIndex index = OciJson.ParseIndex(data);
                return index.Subject is null
                    ? null
                    : (index.Subject.Digest, Entry(descriptor, data, index.ArtifactType, index.Annotations));
            }

            ImageManifest manifest = OciJson.ParseManifest(data);
            return manifest.Subject is null
                ? null
                : (manifest.Subject.Digest,
                    Entry(descriptor, data, manifest.ArtifactType ?? manifest.Config.MediaType, manifest.Annotations));
        }
        catch (FormatException)
        {
            // The registry took it; what it is nobody knows, so it refers to nothing.
            return null;
        }
    }

    /// <summary>The list as an index.</summary>
    public static byte[] MakeIndex(IReadOnlyList<Descriptor> entries)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("schemaVersion", 2);
            json.WriteString("mediaType", MediaTypes.OciIndex);
            json.WriteStartArray("manifests");
            foreach (Descriptor entry in entries)
            {
                Write(json, entry);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static Descriptor Entry(
        Descriptor descriptor,
        byte[] data,
        string? artifactType,
        IReadOnlyDictionary<string, string> annotations) =>
        new(descriptor.MediaType, descriptor.Digest, data.Length)
        {
            ArtifactType = artifactType,
            Annotations = annotations,
        };

    private static void Write(Utf8JsonWriter json, Descriptor entry)
    {
        json.WriteStartObject();
        json.WriteString("mediaType", entry.MediaType);
        json.WriteString("digest", entry.Digest.ToString());
        json.WriteNumber("size", entry.Size);
        if (!string.IsNullOrEmpty(entry.ArtifactType))
        {
            json.WriteString("artifactType", entry.ArtifactType);
        }

        if (entry.Annotations.Count > 0)
        {
            json.WriteStartObject("annotations");
            foreach ((string key, string value) in entry.Annotations)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
