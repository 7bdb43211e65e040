using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Limits of memory, in bytes.</summary>
public sealed record SpecMemory
{
    /// <summary>Memory.</summary>
    [JsonPropertyName("limit")]
    public long? Limit { get; init; }

    /// <summary>The soft limit.</summary>
    [JsonPropertyName("reservation")]
    public long? Reservation { get; init; }

    /// <summary>Memory and swap together.</summary>
    [JsonPropertyName("swap")]
    public long? Swap { get; init; }

    /// <summary>How eagerly its memory is swapped out, 0 to 100; cgroup v1 only.</summary>
    [JsonPropertyName("swappiness")]
    public ulong? Swappiness { get; init; }

    /// <summary>Whether the OOM killer lets it be.</summary>
    [JsonPropertyName("disableOOMKiller")]
    public bool? DisableOomKiller { get; init; }

    /// <summary>Fields that this type does not know, kept as they came.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
