using System.Text.Json.Serialization;

namespace Gantry.Oci.Image;

/// <summary>Generated readers. A property that comes twice is an error: two readers could take different ones.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    AllowDuplicateProperties = false,
    MaxDepth = 32)]
[JsonSerializable(typeof(OciWire.ManifestJson))]
[JsonSerializable(typeof(OciWire.ConfigJson))]
internal sealed partial class OciImageJsonContext : JsonSerializerContext;
