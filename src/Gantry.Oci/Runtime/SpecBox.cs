using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The size of a terminal in characters.</summary>
public sealed record SpecBox
{
    /// <summary>Rows.</summary>
    [JsonPropertyName("height")]
    public uint Height { get; init; }

    /// <summary>Columns.</summary>
    [JsonPropertyName("width")]
    public uint Width { get; init; }
}
