using System.Text.Encodings.Web;
using System.Text.Json;
using Gantry.Core;

namespace Gantry.Cli.Output;

/// <summary>JSON on standard output.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Indented =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes an array of objects.</summary>
    public static void WriteArray<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> fields) =>
        Write(Indented, json =>
        {
            json.WriteStartArray();
            foreach (T item in items)
            {
                json.WriteStartObject();
                fields(json, item);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    /// <summary>Writes one value over several lines.</summary>
    public static void WriteValue(Action<Utf8JsonWriter> value) => Write(Indented, value);

    /// <summary>Writes one value on a line of its own.</summary>
    public static void WriteLine(Action<Utf8JsonWriter> value) => Write(Compact, value);

    public static void WriteMap(this Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> map)
    {
        json.WriteStartObject(name);
        foreach ((string key, string value) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    public static void WriteList(this Utf8JsonWriter json, string name, IEnumerable<string> list)
    {
        json.WriteStartArray(name);
        foreach (string value in list)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    /// <summary>A value of a client's own: JSON as such, anything else in base64 with its type.</summary>
    public static void WriteTyped(this Utf8JsonWriter json, string name, TypedBytes? value)
    {
        json.WritePropertyName(name);
        if (value is null)
        {
            json.WriteNullValue();
            return;
        }

        if (value.Value.Length > 0 && TryParse(value.Value, out JsonDocument? document))
        {
            using (document)
            {
                document!.RootElement.WriteTo(json);
            }

            return;
        }

        json.WriteStartObject();
        json.WriteString("type_url", value.TypeUrl);
        if (value.Value.Length > 0)
        {
            json.WriteBase64String("value", value.Value.Span);
        }

        json.WriteEndObject();
    }

    private static bool TryParse(ReadOnlyMemory<byte> bytes, out JsonDocument? document)
    {
        try
        {
            document = JsonDocument.Parse(bytes);
            return true;
        }
        catch (JsonException)
        {
            // Not JSON: it is shown as bytes.
            document = null;
            return false;
        }
    }

    private static void Write(JsonWriterOptions options, Action<Utf8JsonWriter> value)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, options))
        {
            value(json);
        }

        StandardStreams.Out.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }
}
