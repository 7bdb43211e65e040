using System.Globalization;
using System.Text;
using Gantry.Core.Labels;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Pull;

/// <summary>The labels of blobs that were pulled: where from, and what they keep alive.</summary>
internal static class ContentLabels
{
    /// <summary>The label for where a blob came from, with what the blob has there already.</summary>
    /// <returns>Null when there is no room for another repository.</returns>
    public static (string Key, string Value)? Source(Reference repository, string? present)
    {
        string key = WellKnownLabels.DistributionSource + repository.Host;
        IEnumerable<string> all = (present ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Append(repository.Path).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        string value = string.Join(',', all);
        return Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value) <= LabelRules.MaxBytes
            ? (key, value)
            : null;
    }

    /// <summary>The labels by which an index keeps its manifests.</summary>
    public static Dictionary<string, string> Children(ImageIndex index) => Number(index.Manifests);

    /// <summary>The labels by which a manifest keeps its config and layers.</summary>
    public static Dictionary<string, string> Children(ImageManifest manifest) =>
        Number([manifest.Config, .. manifest.Layers]);

    // config, m.0, m.1, …, l.0, l.1, …; what has no place of its own is numbered at the end of the plain prefix.
    private static Dictionary<string, string> Number(IReadOnlyList<Descriptor> children)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (Descriptor child in children)
        {
            string prefix = WellKnownLabels.GcRefContent + child.MediaType switch
            {
                string type when MediaTypes.IsIndex(type) || MediaTypes.IsManifest(type) => ".m.",
                string type when MediaTypes.IsConfig(type) => ".config",
                string type when MediaTypes.IsLayer(type) => ".l.",
                _ => ".",
            };
            int count = counts.GetValueOrDefault(prefix);
            counts[prefix] = count + 1;
            string number = count > 0 || prefix[^1] == '.' ? count.ToString(CultureInfo.InvariantCulture) : "";
            labels[prefix + number] = child.Digest.ToString();
        }

        return labels;
    }
}
