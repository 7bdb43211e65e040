using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A condition on an argument of a system call.</summary>
public sealed record SpecSyscallArg
{
    /// <summary>Which argument, from 0.</summary>
    [JsonPropertyName("index")]
    public uint Index { get; init; }

    /// <summary>The value to compare with, or the mask of <c>SCMP_CMP_MASKED_EQ</c>.</summary>
    [JsonPropertyName("value")]
    public ulong Value { get; init; }

    /// <summary>The value under the mask.</summary>
    [JsonPropertyName("valueTwo")]
    public ulong? ValueTwo { get; init; }

    /// <summary>The comparison, such as <c>SCMP_CMP_EQ</c>.</summary>
    [JsonPropertyName("op")]
    public string Op { get; init; } = "";
}
