using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Gantry.Oci.Runtime;

/// <summary>Reads and writes runtime specs as JSON.</summary>
public static class RuntimeSpecJson
{
    /// <summary>The type URL under which containerd keeps a spec.</summary>
    public const string SpecTypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

    /// <summary>The type URL under which containerd passes on the process of an exec.</summary>
    public const string ProcessTypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Process";

    /// <summary>The type URL under which containerd passes on the resources of an update.</summary>
    public const string ResourcesTypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources";

    /// <summary>The greatest size of a spec that is read, in bytes.</summary>
    public const int MaxBytes = 16 << 20;

    private static readonly RuntimeSpecContext Context = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>Writes a spec.</summary>
    /// <param name="spec">The spec.</param>
    public static byte[] ToBytes(RuntimeSpec spec) => JsonSerializer.SerializeToUtf8Bytes(spec, Context.RuntimeSpec);

    /// <summary>Writes a process.</summary>
    /// <param name="process">The process.</param>
    public static byte[] ToBytes(SpecProcess process) =>
        JsonSerializer.SerializeToUtf8Bytes(process, Context.SpecProcess);

    /// <summary>Writes resources, as an update of a task takes them.</summary>
    /// <param name="resources">The resources.</param>
    public static byte[] ToBytes(SpecResources resources) =>
        JsonSerializer.SerializeToUtf8Bytes(resources, Context.SpecResources);

    /// <summary>Reads a spec.</summary>
    /// <param name="json">JSON in UTF-8.</param>
    /// <exception cref="FormatException">It is no spec; the text says where.</exception>
    public static RuntimeSpec ReadSpec(ReadOnlySpan<byte> json) => Read(json, Context.RuntimeSpec, "runtime spec");

    /// <summary>Reads a filter of system calls.</summary>
    /// <param name="json">JSON in UTF-8.</param>
    /// <exception cref="FormatException">It is none; the text says where.</exception>
    public static SpecSeccomp ReadSeccomp(ReadOnlySpan<byte> json)
    {
        SpecSeccomp seccomp = Read(json, Context.SpecSeccomp, "seccomp profile");
        return seccomp.DefaultAction.Length > 0
            ? seccomp
            : throw new FormatException("seccomp profile: no defaultAction");
    }

    /// <summary>Reads hooks.</summary>
    /// <param name="json">JSON in UTF-8: an object with a list for each kind of hook.</param>
    /// <exception cref="FormatException">It is none; the text says where.</exception>
    public static SpecHooks ReadHooks(ReadOnlySpan<byte> json) => Read(json, Context.SpecHooks, "hooks");

    private static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string what)
    {
        if (json.Length > MaxBytes)
        {
            throw new FormatException($"{what}: {json.Length} bytes are more than {MaxBytes}");
        }

        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw new FormatException($"{what}: null is none");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{what}: {e.Message}", e);
        }
    }
}
