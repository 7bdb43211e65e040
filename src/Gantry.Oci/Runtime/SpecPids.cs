using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The limit of processes.</summary>
public sealed record SpecPids
{
    /// <summary>How many.</summary>
    [JsonPropertyName("limit")]
    public long Limit { get; init; }
}
