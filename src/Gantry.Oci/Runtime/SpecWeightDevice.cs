using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The weight of a cgroup at one block device.</summary>
public sealed record SpecWeightDevice
{
    /// <summary>The major number.</summary>
    [JsonPropertyName("major")]
    public long Major { get; init; }

    /// <summary>The minor number.</summary>
    [JsonPropertyName("minor")]
    public long Minor { get; init; }

    /// <summary>The weight, 10 to 1000.</summary>
    [JsonPropertyName("weight")]
    public ushort? Weight { get; init; }
}
