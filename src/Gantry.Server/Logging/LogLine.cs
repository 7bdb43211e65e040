using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Logging;

/// <summary>Makes a log line of a record.</summary>
internal static class LogLine
{
    private const string TemplateField = "{OriginalFormat}";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'";

    private static readonly SearchValues<char> Bare =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/@^+");

    /// <summary>The line, with its line feed.</summary>
    public static byte[] Format(
        LogFormat format,
        DateTimeOffset time,
        LogLevel level,
        string message,
        IReadOnlyList<KeyValuePair<string, object?>> fields,
        Exception? exception) =>
        format is LogFormat.Json
            ? Json(time, level, message, fields, exception)
            : Encoding.UTF8.GetBytes(Text(time, level, message, fields, exception));

    private static string Text(
        DateTimeOffset time,
        LogLevel level,
        string message,
        IReadOnlyList<KeyValuePair<string, object?>> fields,
        Exception? exception)
    {
        StringBuilder line = new(200);
        line.Append("time=\"").Append(Time(time)).Append("\" level=").Append(Level(level));
        Append(line, "msg", message);
        if (exception is not null)
        {
            Append(line, "error", Describe(exception));
        }

        foreach ((string key, object? value) in Apart(fields))
        {
            Append(line, key, Text(value));
        }

        return line.Append('\n').ToString();
    }

    private static byte[] Json(
        DateTimeOffset time,
        LogLevel level,
        string message,
        IReadOnlyList<KeyValuePair<string, object?>> fields,
        Exception? exception)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            if (exception is not null)
            {
                json.WriteString("error", Describe(exception));
            }

            foreach ((string key, object? value) in Apart(fields))
            {
                json.WriteString(key, Text(value));
            }

            json.WriteString("level", Level(level));
            json.WriteString("msg", message);
            json.WriteString("time", Time(time));
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    // Fields that are part of the message have been said already.
    private static IEnumerable<KeyValuePair<string, object?>> Apart(
        IReadOnlyList<KeyValuePair<string, object?>> fields)
    {
        string template = fields.FirstOrDefault(field => IsTemplate(field.Key)).Value as string ?? "";
        return fields.Where(field =>
            !IsTemplate(field.Key) && !template.Contains($"{{{field.Key}}}", StringComparison.Ordinal));
    }

    private static bool IsTemplate(string key) => string.Equals(key, TemplateField, StringComparison.Ordinal);

    private static void Append(StringBuilder line, string key, string value)
    {
        line.Append(' ').Append(key).Append('=');
        if (value.Length > 0 && !value.AsSpan().ContainsAnyExcept(Bare))
        {
            line.Append(value);
            return;
        }

        line.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => line.Append("\\\""),
                '\\' => line.Append("\\\\"),
                '\n' => line.Append("\\n"),
                '\r' => line.Append("\\r"),
                '\t' => line.Append("\\t"),
                < ' ' => line.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => line.Append(c),
            };
        }

        line.Append('"');
    }

    // The daemon's own errors carry the trace; a client never sees it.
    private static string Describe(Exception exception) =>
        exception is Core.Errors.GantryException or IOException ? exception.Message : exception.ToString();

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Critical => "fatal",
        _ => "error",
    };
}
