using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Sets of capabilities, by names such as <c>CAP_CHOWN</c>. See capabilities(7).</summary>
public sealed record SpecCapabilities
{
    /// <summary>The bounding set.</summary>
    [JsonPropertyName("bounding")]
    public IReadOnlyList<string>? Bounding { get; init; }

    /// <summary>The effective set.</summary>
    [JsonPropertyName("effective")]
    public IReadOnlyList<string>? Effective { get; init; }

    /// <summary>The inheritable set.</summary>
    [JsonPropertyName("inheritable")]
    public IReadOnlyList<string>? Inheritable { get; init; }

    /// <summary>The permitted set.</summary>
    [JsonPropertyName("permitted")]
    public IReadOnlyList<string>? Permitted { get; init; }

    /// <summary>The ambient set.</summary>
    [JsonPropertyName("ambient")]
    public IReadOnlyList<string>? Ambient { get; init; }
}
