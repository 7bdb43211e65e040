using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A filter of system calls (runtime-spec, config-linux.md, Seccomp).</summary>
public sealed record SpecSeccomp
{
    /// <summary>What happens to a call that no rule names, such as <c>SCMP_ACT_ERRNO</c>.</summary>
    [JsonPropertyName("defaultAction")]
    public string DefaultAction { get; init; } = "";

    /// <summary>The error that the default action answers with; absent: EPERM.</summary>
    [JsonPropertyName("defaultErrnoRet")]
    public uint? DefaultErrnoRet { get; init; }

    /// <summary>The architectures that it is for, such as <c>SCMP_ARCH_X86_64</c>.</summary>
    [JsonPropertyName("architectures")]
    public IReadOnlyList<string>? Architectures { get; init; }

    /// <summary>The rules.</summary>
    [JsonPropertyName("syscalls")]
    public IReadOnlyList<SpecSyscall>? Syscalls { get; init; }

    /// <summary>Fields that this type does not know, kept as they came.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
