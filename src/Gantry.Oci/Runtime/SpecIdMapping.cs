using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A range of ids of a user namespace.</summary>
public sealed record SpecIdMapping
{
    /// <summary>The first id inside.</summary>
    [JsonPropertyName("containerID")]
    public uint ContainerId { get; init; }

    /// <summary>The first id outside.</summary>
    [JsonPropertyName("hostID")]
    public uint HostId { get; init; }

    /// <summary>How many.</summary>
    [JsonPropertyName("size")]
    public uint Size { get; init; }
}
