using System.Text.Json.Nodes;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Conversion;

/// <summary>Changes in manifests and indexes; what is not named here stays in them as it was.</summary>
internal static class DocumentEdits
{
    private const string AttestedDigest = "vnd.docker.reference.digest";

    private static readonly string[] NotDockers = ["annotations", "subject", "artifactType"];

    /// <summary>Says what a document is. Docker's have none of what came with OCI's.</summary>
    public static void SetType(JsonObject document, string mediaType)
    {
        if (document.ContainsKey("mediaType") || mediaType is MediaTypes.DockerManifest or MediaTypes.DockerManifestList)
        {
            document["mediaType"] = mediaType;
        }

        if (mediaType is MediaTypes.DockerManifest or MediaTypes.DockerManifestList)
        {
            foreach (string key in NotDockers)
            {
                document.Remove(key);
            }
        }
    }

    /// <summary>The descriptor at a place of a list.</summary>
    /// <exception cref="GantryException">InvalidArgument: there is something else.</exception>
    public static JsonObject Item(JsonArray list, int index) =>
        list[index] as JsonObject
        ?? throw new GantryException(ErrorKind.InvalidArgument, "image: a descriptor is no object");

    /// <summary>Points a descriptor at something else, of the same platform.</summary>
    public static void SetDescriptor(JsonObject item, Descriptor descriptor)
    {
        bool sameBytes = (string?)item["digest"] == descriptor.Digest.ToString();
        item["mediaType"] = descriptor.MediaType;
        item["digest"] = descriptor.Digest.ToString();
        item["size"] = descriptor.Size;
        if (sameBytes)
        {
            return;
        }

        item.Remove("data");
        if (item["annotations"] is JsonObject annotations)
        {
            foreach (string key in annotations.Select(annotation => annotation.Key)
                .Where(key => key.StartsWith(WellKnownLabels.SnapshotPrefix, StringComparison.Ordinal)).ToArray())
            {
                annotations.Remove(key);
            }
        }
    }

    /// <summary>An attestation of BuildKit names the image that it is about by digest: by the new one from now on.</summary>
    public static void PointAttestation(JsonObject item, IReadOnlyDictionary<Digest, Descriptor> converted)
    {
        if (item["annotations"] is JsonObject annotations
            && annotations[AttestedDigest] is JsonValue value && value.TryGetValue(out string? text)
            && Digest.TryParse(text, out Digest digest) && converted.TryGetValue(digest, out Descriptor? made))
        {
            annotations[AttestedDigest] = made.Digest.ToString();
        }
    }
}
