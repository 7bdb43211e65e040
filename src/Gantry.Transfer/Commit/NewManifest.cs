using System.Text.Json.Nodes;
using Gantry.Core.Errors;
using Gantry.Oci.Image;

namespace Gantry.Transfer.Commit;

/// <summary>Makes the manifest of an image out of that of its base.</summary>
internal static class NewManifest
{
    /// <summary>The new manifest. The layers of the base are in it as they were written there.</summary>
    /// <param name="baseManifest">The manifest of the base, as it is stored.</param>
    /// <param name="mediaType">Its media type, which is the new one's too.</param>
    /// <param name="config">The new config.</param>
    /// <param name="layer">The new layer; null when there is none.</param>
    /// <exception cref="GantryException">InvalidArgument: the base's manifest is malformed.</exception>
    public static byte[] Make(byte[] baseManifest, string mediaType, Descriptor config, Descriptor? layer)
    {
        JsonArray layers =
            (JsonArray)ConfigJson.List(ConfigJson.Parse(baseManifest, "image manifest"), "layers").DeepClone();
        if (layer is not null)
        {
            layers.Add((JsonNode)ToJson(layer));
        }

        JsonObject manifest = new()
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = mediaType,
            ["config"] = ToJson(config),
            ["layers"] = layers,
        };
        return ConfigJson.ToBytes(manifest);
    }

    /// <summary>A descriptor as it stands in a manifest.</summary>
    public static JsonObject ToJson(Descriptor descriptor) => new()
    {
        ["mediaType"] = descriptor.MediaType,
        ["digest"] = descriptor.Digest.ToString(),
        ["size"] = descriptor.Size,
    };
}
