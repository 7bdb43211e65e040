using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Limits of block devices.</summary>
public sealed record SpecBlockIo
{
    /// <summary>The weight beside other cgroups, 10 to 1000.</summary>
    [JsonPropertyName("weight")]
    public ushort? Weight { get; init; }

    /// <summary>Weights by device.</summary>
    [JsonPropertyName("weightDevice")]
    public IReadOnlyList<SpecWeightDevice>? WeightDevice { get; init; }

    /// <summary>Bytes read per second.</summary>
    [JsonPropertyName("throttleReadBpsDevice")]
    public IReadOnlyList<SpecThrottleDevice>? ThrottleReadBpsDevice { get; init; }

    /// <summary>Bytes written per second.</summary>
    [JsonPropertyName("throttleWriteBpsDevice")]
    public IReadOnlyList<SpecThrottleDevice>? ThrottleWriteBpsDevice { get; init; }

    /// <summary>Reads per second.</summary>
    [JsonPropertyName("throttleReadIOPSDevice")]
    public IReadOnlyList<SpecThrottleDevice>? ThrottleReadIopsDevice { get; init; }

    /// <summary>Writes per second.</summary>
    [JsonPropertyName("throttleWriteIOPSDevice")]
    public IReadOnlyList<SpecThrottleDevice>? ThrottleWriteIopsDevice { get; init; }

    /// <summary>Fields that this type does not know, kept as they came.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
