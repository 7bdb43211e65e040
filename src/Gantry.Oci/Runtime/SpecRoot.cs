using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The root filesystem of a container.</summary>
public sealed record SpecRoot
{
    /// <summary>Its path, absolute or relative to the bundle.</summary>
    [JsonPropertyName("path")]
    public string Path { get; init; } = "";

    /// <summary>Whether it is mounted read-only.</summary>
    [JsonPropertyName("readonly")]
    public bool? Readonly { get; init; }
}
