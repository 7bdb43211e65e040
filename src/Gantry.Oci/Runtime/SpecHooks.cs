using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The hooks of a container (runtime-spec, config.md, POSIX-platform hooks).</summary>
public sealed record SpecHooks
{
    /// <summary>In the runtime's namespaces, after the container's are made; old name of what the next two do.</summary>
    [JsonPropertyName("prestart")]
    public IReadOnlyList<SpecHook>? Prestart { get; init; }

    /// <summary>In the runtime's namespaces, after the container's are made, before the root is pivoted to.</summary>
    [JsonPropertyName("createRuntime")]
    public IReadOnlyList<SpecHook>? CreateRuntime { get; init; }

    /// <summary>In the container's namespaces, before the root is pivoted to.</summary>
    [JsonPropertyName("createContainer")]
    public IReadOnlyList<SpecHook>? CreateContainer { get; init; }

    /// <summary>In the container, just before its process is executed.</summary>
    [JsonPropertyName("startContainer")]
    public IReadOnlyList<SpecHook>? StartContainer { get; init; }

    /// <summary>In the runtime's namespaces, after the process was started.</summary>
    [JsonPropertyName("poststart")]
    public IReadOnlyList<SpecHook>? Poststart { get; init; }

    /// <summary>In the runtime's namespaces, after the container was deleted.</summary>
    [JsonPropertyName("poststop")]
    public IReadOnlyList<SpecHook>? Poststop { get; init; }

    /// <summary>The kinds and what each has.</summary>
    [JsonIgnore]
    public IEnumerable<(string Kind, IReadOnlyList<SpecHook> Hooks)> All =>
    [
        ("prestart", Prestart ?? []),
        ("createRuntime", CreateRuntime ?? []),
        ("createContainer", CreateContainer ?? []),
        ("startContainer", StartContainer ?? []),
        ("poststart", Poststart ?? []),
        ("poststop", Poststop ?? []),
    ];
}
