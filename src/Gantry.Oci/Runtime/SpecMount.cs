using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A mount in a container (runtime-spec, config.md, Mounts).</summary>
public sealed record SpecMount
{
    /// <summary>Where, as seen in the container.</summary>
    [JsonPropertyName("destination")]
    public string Destination { get; init; } = "";

    /// <summary>The filesystem type.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>What is mounted.</summary>
    [JsonPropertyName("source")]
    public string? Source { get; init; }

    /// <summary>Options in fstab style.</summary>
    [JsonPropertyName("options")]
    public IReadOnlyList<string>? Options { get; init; }

    /// <summary>Owners that the mount maps.</summary>
    [JsonPropertyName("uidMappings")]
    public IReadOnlyList<SpecIdMapping>? UidMappings { get; init; }

    /// <summary>Groups that the mount maps.</summary>
    [JsonPropertyName("gidMappings")]
    public IReadOnlyList<SpecIdMapping>? GidMappings { get; init; }

    /// <summary>Fields that this type does not know, kept as they came.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
