using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A device node.</summary>
public sealed record SpecDevice
{
    /// <summary>Its path in the container.</summary>
    [JsonPropertyName("path")]
    public string Path { get; init; } = "";

    /// <summary><c>c</c>, <c>b</c>, <c>u</c> or <c>p</c>.</summary>
    [JsonPropertyName("type")]
    public string Type { get; init; } = "";

    /// <summary>The major number.</summary>
    [JsonPropertyName("major")]
    public long Major { get; init; }

    /// <summary>The minor number.</summary>
    [JsonPropertyName("minor")]
    public long Minor { get; init; }

    /// <summary>Its permissions.</summary>
    [JsonPropertyName("fileMode")]
    public uint? FileMode { get; init; }

    /// <summary>Its owner.</summary>
    [JsonPropertyName("uid")]
    public uint? Uid { get; init; }

    /// <summary>Its group.</summary>
    [JsonPropertyName("gid")]
    public uint? Gid { get; init; }
}
