using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Limits of processor time.</summary>
public sealed record SpecCpu
{
    /// <summary>The weight beside other cgroups.</summary>
    [JsonPropertyName("shares")]
    public ulong? Shares { get; init; }

    /// <summary>Microseconds in each period.</summary>
    [JsonPropertyName("quota")]
    public long? Quota { get; init; }

    /// <summary>The period in microseconds.</summary>
    [JsonPropertyName("period")]
    public ulong? Period { get; init; }

    /// <summary>Processors, such as <c>0-2,7</c>.</summary>
    [JsonPropertyName("cpus")]
    public string? Cpus { get; init; }

    /// <summary>Memory nodes.</summary>
    [JsonPropertyName("mems")]
    public string? Mems { get; init; }

    /// <summary>Fields that this type does not know, kept as they came.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
