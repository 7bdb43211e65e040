using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A resource limit. See setrlimit(2).</summary>
public sealed record SpecRlimit
{
    /// <summary>Such as <c>RLIMIT_NOFILE</c>.</summary>
    [JsonPropertyName("type")]
    public string Type { get; init; } = "";

    /// <summary>The ceiling.</summary>
    [JsonPropertyName("hard")]
    public ulong Hard { get; init; }

    /// <summary>The value that is enforced.</summary>
    [JsonPropertyName("soft")]
    public ulong Soft { get; init; }
}
