using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Reads and writes runtime specs as JSON.</summary>
public static class RuntimeSpecJson
{
    /// <summary>The type URL under which containerd keeps a spec.</summary>
    public const string SpecTypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

    /// <summary>The type URL under which containerd passes on the process of an exec.</summary>
    public const string ProcessTypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Process";

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

    /// <summary>Reads a spec.</summary>
    /// <param name="json">JSON in UTF-8.</param>
    /// <exception cref="FormatException">It is no spec; the text says where.</exception>
    public static RuntimeSpec ReadSpec(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxBytes)
        {
            throw new FormatException($"runtime spec: {json.Length} bytes are more than {MaxBytes}");
        }

        try
        {
            return JsonSerializer.Deserialize(json, Context.RuntimeSpec)
                ?? throw new FormatException("runtime spec: null is no spec");
        }
        catch (JsonException e)
        {
            throw new FormatException($"runtime spec: {e.Message}", e);
        }
    }
}
