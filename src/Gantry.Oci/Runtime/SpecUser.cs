using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Who a process runs as.</summary>
public sealed record SpecUser
{
    /// <summary>User id.</summary>
    [JsonPropertyName("uid")]
    public uint Uid { get; init; }

    /// <summary>Group id.</summary>
    [JsonPropertyName("gid")]
    public uint Gid { get; init; }

    /// <summary>File mode creation mask.</summary>
    [JsonPropertyName("umask")]
    public uint? Umask { get; init; }

    /// <summary>Further group ids.</summary>
    [JsonPropertyName("additionalGids")]
    public IReadOnlyList<uint>? AdditionalGids { get; init; }

    /// <summary>Name of the user; for Windows alone.</summary>
    [JsonPropertyName("username")]
    public string? Username { get; init; }
}
