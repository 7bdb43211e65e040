using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A rule of a filter of system calls.</summary>
public sealed record SpecSyscall
{
    /// <summary>The calls that it is for; those that the kernel does not know are passed over.</summary>
    [JsonPropertyName("names")]
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>What happens, such as <c>SCMP_ACT_ALLOW</c>.</summary>
    [JsonPropertyName("action")]
    public string Action { get; init; } = "";

    /// <summary>The error that it answers with, for <c>SCMP_ACT_ERRNO</c>.</summary>
    [JsonPropertyName("errnoRet")]
    public uint? ErrnoRet { get; init; }

    /// <summary>Conditions on arguments, all of which must hold.</summary>
    [JsonPropertyName("args")]
    public IReadOnlyList<SpecSyscallArg>? Args { get; init; }
}
