using System.Collections.Immutable;
using System.Text;
using Gantry.Core.Labels;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Unpack;

/// <summary>
/// Where the layers of an image are, told to a remote snapshotter by labels, so that it can have them without their
/// being downloaded first.
/// </summary>
/// <param name="Reference">The name of the image.</param>
/// <param name="Manifest">The digest of its manifest.</param>
public sealed record RemoteSource(string Reference, Digest Manifest)
{
    private const string ImageRef = "containerd.io/snapshot/cri.image-ref";
    private const string ManifestDigest = "containerd.io/snapshot/cri.manifest-digest";
    private const string LayerDigest = "containerd.io/snapshot/cri.layer-digest";
    private const string ImageLayers = "containerd.io/snapshot/cri.image-layers";

    /// <summary>The labels of the snapshot that a layer becomes.</summary>
    /// <param name="layers">The layers of the image.</param>
    /// <param name="index">Which of them.</param>
    internal ImmutableDictionary<string, string> LabelsOf(IReadOnlyList<Descriptor> layers, int index) =>
        ImmutableDictionary<string, string>.Empty
            .Add(ImageRef, Reference)
            .Add(ManifestDigest, Manifest.ToString())
            .Add(LayerDigest, layers[index].Digest.ToString())
            .Add(ImageLayers, Join(layers.Skip(index)));

    /// <summary>As many digests as a label can hold: the snapshotter may fetch these ahead.</summary>
    private static string Join(IEnumerable<Descriptor> layers)
    {
        StringBuilder text = new();
        foreach (Descriptor layer in layers)
        {
            string digest = layer.Digest.ToString();
            if (ImageLayers.Length + text.Length + 1 + digest.Length > LabelRules.MaxBytes)
            {
                break;
            }

            text.Append(text.Length == 0 ? "" : ",").Append(digest);
        }

        return text.ToString();
    }
}
