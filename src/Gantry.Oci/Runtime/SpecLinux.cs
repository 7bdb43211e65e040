using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The part of a spec that belongs to Linux (runtime-spec, config-linux.md).</summary>
public sealed record SpecLinux
{
    /// <summary>User ids of a user namespace.</summary>
    [JsonPropertyName("uidMappings")]
    public IReadOnlyList<SpecIdMapping>? UidMappings { get; init; }

    /// <summary>Group ids of a user namespace.</summary>
    [JsonPropertyName("gidMappings")]
    public IReadOnlyList<SpecIdMapping>? GidMappings { get; init; }

    /// <summary>Kernel parameters.</summary>
    [JsonPropertyName("sysctl")]
    public IReadOnlyDictionary<string, string>? Sysctl { get; init; }

    /// <summary>Limits of the cgroup.</summary>
    [JsonPropertyName("resources")]
    public SpecResources? Resources { get; init; }

    /// <summary>The path of the cgroup.</summary>
    [JsonPropertyName("cgroupsPath")]
    public string? CgroupsPath { get; init; }

    /// <summary>Namespaces to make or to join.</summary>
    [JsonPropertyName("namespaces")]
    public IReadOnlyList<SpecNamespace>? Namespaces { get; init; }

    /// <summary>Device nodes to make.</summary>
    [JsonPropertyName("devices")]
    public IReadOnlyList<SpecDevice>? Devices { get; init; }

    /// <summary>Mount propagation of the root.</summary>
    [JsonPropertyName("rootfsPropagation")]
    public string? RootfsPropagation { get; init; }

    /// <summary>Paths that cannot be read.</summary>
    [JsonPropertyName("maskedPaths")]
    public IReadOnlyList<string>? MaskedPaths { get; init; }

    /// <summary>Paths that cannot be written.</summary>
    [JsonPropertyName("readonlyPaths")]
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }

    /// <summary>The SELinux label of mounts.</summary>
    [JsonPropertyName("mountLabel")]
    public string? MountLabel { get; init; }

    /// <summary>The filter of system calls.</summary>
    [JsonPropertyName("seccomp")]
    public SpecSeccomp? Seccomp { get; init; }

    /// <summary>The share of cache and memory bandwidth.</summary>
    [JsonPropertyName("intelRdt")]
    public SpecIntelRdt? IntelRdt { get; init; }

    /// <summary>Fields that this type does not know, kept as they came.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
