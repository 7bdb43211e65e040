using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A rule about devices.</summary>
public sealed record SpecDeviceRule
{
    /// <summary>Whether it allows or denies.</summary>
    [JsonPropertyName("allow")]
    public bool Allow { get; init; }

    /// <summary><c>a</c>, <c>c</c> or <c>b</c>.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>The major number; any when absent.</summary>
    [JsonPropertyName("major")]
    public long? Major { get; init; }

    /// <summary>The minor number; any when absent.</summary>
    [JsonPropertyName("minor")]
    public long? Minor { get; init; }

    /// <summary>Some of <c>rwm</c>.</summary>
    [JsonPropertyName("access")]
    public string? Access { get; init; }
}
