using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Limits of a cgroup.</summary>
public sealed record SpecResources
{
    /// <summary>Rules for devices, the last that matches decides.</summary>
    [JsonPropertyName("devices")]
    public IReadOnlyList<SpecDeviceRule>? Devices { get; init; }

    /// <summary>Limits of memory.</summary>
    [JsonPropertyName("memory")]
    public SpecMemory? Memory { get; init; }

    /// <summary>Limits of processor time.</summary>
    [JsonPropertyName("cpu")]
    public SpecCpu? Cpu { get; init; }

    /// <summary>The limit of processes.</summary>
    [JsonPropertyName("pids")]
    public SpecPids? Pids { get; init; }

    /// <summary>Limits of block devices.</summary>
    [JsonPropertyName("blockIO")]
    public SpecBlockIo? BlockIo { get; init; }

    /// <summary>Limits of huge pages.</summary>
    [JsonPropertyName("hugepageLimits")]
    public IReadOnlyList<SpecHugepageLimit>? HugepageLimits { get; init; }

    /// <summary>Files of cgroup v2 and what to write to them.</summary>
    [JsonPropertyName("unified")]
    public IReadOnlyDictionary<string, string>? Unified { get; init; }

    /// <summary>Fields that this type does not know, kept as they came.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
