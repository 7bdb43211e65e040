using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A namespace of the kernel.</summary>
public sealed record SpecNamespace
{
    /// <summary><c>pid</c>, <c>network</c>, <c>mount</c>, <c>ipc</c>, <c>uts</c>, <c>user</c>, <c>cgroup</c> or <c>time</c>.</summary>
    [JsonPropertyName("type")]
    public string Type { get; init; } = "";

    /// <summary>A namespace to join; absent: a new one.</summary>
    [JsonPropertyName("path")]
    public string? Path { get; init; }
}
