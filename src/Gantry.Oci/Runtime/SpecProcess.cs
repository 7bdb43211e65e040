using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A process of a container (runtime-spec, config.md, Process).</summary>
public sealed record SpecProcess
{
    /// <summary>Whether it gets a terminal.</summary>
    [JsonPropertyName("terminal")]
    public bool? Terminal { get; init; }

    /// <summary>The size of that terminal at the start.</summary>
    [JsonPropertyName("consoleSize")]
    public SpecBox? ConsoleSize { get; init; }

    /// <summary>Who it runs as.</summary>
    [JsonPropertyName("user")]
    public SpecUser User { get; init; } = new();

    /// <summary>Program and arguments.</summary>
    [JsonPropertyName("args")]
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Its environment, <c>NAME=value</c>.</summary>
    [JsonPropertyName("env")]
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Its working directory, absolute.</summary>
    [JsonPropertyName("cwd")]
    public string Cwd { get; init; } = "/";

    /// <summary>Its capabilities.</summary>
    [JsonPropertyName("capabilities")]
    public SpecCapabilities? Capabilities { get; init; }

    /// <summary>Its resource limits.</summary>
    [JsonPropertyName("rlimits")]
    public IReadOnlyList<SpecRlimit>? Rlimits { get; init; }

    /// <summary>Whether it can gain no privilege by execve.</summary>
    [JsonPropertyName("noNewPrivileges")]
    public bool? NoNewPrivileges { get; init; }

    /// <summary>Its AppArmor profile.</summary>
    [JsonPropertyName("apparmorProfile")]
    public string? ApparmorProfile { get; init; }

    /// <summary>Its OOM score adjustment.</summary>
    [JsonPropertyName("oomScoreAdj")]
    public int? OomScoreAdj { get; init; }

    /// <summary>Its SELinux label.</summary>
    [JsonPropertyName("selinuxLabel")]
    public string? SelinuxLabel { get; init; }

    /// <summary>Fields that this type does not know, kept as they came.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
