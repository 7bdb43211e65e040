using System.Globalization;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Oci.Image;

namespace Gantry.Storage.Doctor;

/// <summary>A blob that is a manifest or an index, as far as it can be seen from the blob alone.</summary>
/// <param name="MediaType">What it is.</param>
/// <param name="Children">What it refers to.</param>
/// <param name="Labels">The labels that keep what it refers to, as clients write them.</param>
/// <param name="Annotations">Its own annotations.</param>
internal sealed record BlobDocument(
    string MediaType,
    IReadOnlyList<Descriptor> Children,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Annotations)
{
    private const string ContainerdName = "io.containerd.image.name";
    private const string OciName = "org.opencontainers.image.ref.name";

    /// <summary>Reads a blob; null when it is neither.</summary>
    public static BlobDocument? TryRead(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists || file.Length is 0 or > OciJson.MaxManifestBytes)
        {
            return null;
        }

        byte[] bytes = File.ReadAllBytes(path);
        if (bytes[0] != (byte)'{')
        {
            return null;
        }

        try
        {
            string? type = OciJson.DetectMediaType(bytes);
            return type is null ? null
                : MediaTypes.IsIndex(type) ? OfIndex(type, OciJson.ParseIndex(bytes))
                : MediaTypes.IsManifest(type) ? OfManifest(type, OciJson.ParseManifest(bytes))
                : null;
        }
        catch (Exception e) when (e is FormatException or GantryException)
        {
            // JSON of another kind: a config, an attestation.
            return null;
        }
    }

    /// <summary>The names that its annotations give to itself and to what it refers to.</summary>
    public IEnumerable<(string Name, Descriptor Target)> Names(Digest digest, long size)
    {
        if (NameIn(Annotations) is { } own)
        {
            yield return (own, new Descriptor(MediaType, digest, size));
        }

        foreach (Descriptor child in Children)
        {
            if (NameIn(child.Annotations) is { } name)
            {
                yield return (name, new Descriptor(child.MediaType, child.Digest, child.Size));
            }
        }
    }

    private static string? NameIn(IReadOnlyDictionary<string, string> annotations) =>
        annotations.TryGetValue(ContainerdName, out string? name) || annotations.TryGetValue(OciName, out name)
            ? string.IsNullOrWhiteSpace(name) ? null : name
            : null;

    private static BlobDocument OfManifest(string type, ImageManifest manifest)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            [WellKnownLabels.GcRefContent + ".config"] = manifest.Config.Digest.ToString(),
        };
        Number(labels, "l", manifest.Layers);
        return new BlobDocument(type, [manifest.Config, .. manifest.Layers], labels, manifest.Annotations);
    }

    private static BlobDocument OfIndex(string type, ImageIndex index)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        Number(labels, "m", index.Manifests);
        return new BlobDocument(type, index.Manifests, labels, index.Annotations);
    }

    private static void Number(Dictionary<string, string> labels, string prefix, IReadOnlyList<Descriptor> children)
    {
        for (int i = 0; i < children.Count; i++)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"{WellKnownLabels.GcRefContent}.{prefix}.{i}");
            labels[key] = children[i].Digest.ToString();
        }
    }
}
