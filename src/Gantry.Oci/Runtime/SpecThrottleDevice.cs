using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The limit of a cgroup at one block device.</summary>
public sealed record SpecThrottleDevice
{
    /// <summary>The major number.</summary>
    [JsonPropertyName("major")]
    public long Major { get; init; }

    /// <summary>The minor number.</summary>
    [JsonPropertyName("minor")]
    public long Minor { get; init; }

    /// <summary>Bytes or operations per second.</summary>
    [JsonPropertyName("rate")]
    public ulong Rate { get; init; }
}
