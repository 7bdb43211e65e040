using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The configuration of a container, <c>config.json</c> of a bundle (runtime-spec, config.md).</summary>
public sealed record RuntimeSpec
{
    /// <summary>The version of the specification that it keeps to.</summary>
    [JsonPropertyName("ociVersion")]
    public string OciVersion { get; init; } = "";

    /// <summary>The process to run.</summary>
    [JsonPropertyName("process")]
    public SpecProcess? Process { get; init; }

    /// <summary>The root filesystem.</summary>
    [JsonPropertyName("root")]
    public SpecRoot? Root { get; init; }

    /// <summary>The host name that the container sees.</summary>
    [JsonPropertyName("hostname")]
    public string? Hostname { get; init; }

    /// <summary>Mounts, in the order they are made.</summary>
    [JsonPropertyName("mounts")]
    public IReadOnlyList<SpecMount>? Mounts { get; init; }

    /// <summary>Programs to run at points of its life.</summary>
    [JsonPropertyName("hooks")]
    public SpecHooks? Hooks { get; init; }

    /// <summary>Annotations.</summary>
    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>What belongs to Linux alone.</summary>
    [JsonPropertyName("linux")]
    public SpecLinux? Linux { get; init; }

    /// <summary>Fields that this type does not know, kept as they came.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
