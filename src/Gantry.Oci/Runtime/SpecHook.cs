using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A program that the OCI runtime runs at a point of a container's life (runtime-spec, config.md, POSIX-platform hooks).</summary>
public sealed record SpecHook
{
    /// <summary>The program, absolute.</summary>
    [JsonPropertyName("path")]
    public string Path { get; init; } = "";

    /// <summary>Its arguments, the first of them its name.</summary>
    [JsonPropertyName("args")]
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Its environment, <c>NAME=value</c>.</summary>
    [JsonPropertyName("env")]
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Seconds that it may take.</summary>
    [JsonPropertyName("timeout")]
    public int? Timeout { get; init; }
}
