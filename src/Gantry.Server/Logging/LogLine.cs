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

    /// <summary>The greatest length of a value in a line, in characters.</summary>
    private const int MaxValueLength = 16 << 10;

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

    /// <summary>A record as people read it, without time and level: the message, and <c>key=value</c> of each field.</summary>
    public static string Words(
        string message, IReadOnlyList<KeyValuePair<string, object?>> fields, Exception? exception)
    {
        StringBuilder line = new(200);
        Escape(line, Bounded(message), quotes: false);
        AppendValues(line, fields, exception);
        return line.ToString();
    }

    /// <summary>The fields of a record that are not part of its message, and what went wrong as <c>error</c>.</summary>
    public static IEnumerable<(string Key, string Value)> Values(
        IReadOnlyList<KeyValuePair<string, object?>> fields, Exception? exception)
    {
        if (exception is not null)
        {
            yield return ("error", Bounded(Describe(exception)));
        }

        foreach ((string key, object? value) in Apart(fields))
        {
            yield return (key, Bounded(Text(value)));
        }
    }

    private static string Text(
        DateTimeOffset time,
        LogLevel level,
        string message,
        IReadOnlyList<KeyValuePair<string, object?>> fields,
        Exception? exception)
    {
        StringBuilder line = new(200);
        line.Append("time=\"").Append(Time(time)).Append("\" level=").Append(Level(level));
        Append(line, "msg", Bounded(message));
        AppendValues(line, fields, exception);
        return line.Append('\n').ToString();
    }

    private static void AppendValues(
        StringBuilder line, IReadOnlyList<KeyValuePair<string, object?>> fields, Exception? exception)
    {
        foreach ((string key, string value) in Values(fields, exception))
        {
            Append(line, key, value);
        }
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
            foreach ((string key, string value) in Values(fields, exception))
            {
                json.WriteString(key, value);
            }

            json.WriteString("level", Level(level));
            json.WriteString("msg", Bounded(message));
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
        Escape(line, value, quotes: true);
        line.Append('"');
    }

    // What is no text does not reach a terminal as it is: escape sequences, line feeds, separators of lines.
    private static void Escape(StringBuilder line, string value, bool quotes)
    {
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' or '\\' => quotes ? line.Append('\\').Append(c) : line.Append(c),
                '\n' => line.Append("\\n"),
                '\r' => line.Append("\\r"),
                '\t' => line.Append("\\t"),
                < ' ' or '\x7f' => line.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' =>
                    line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => line.Append(c),
            };
        }
    }

    private static string Bounded(string value)
    {
        if (value.Length <= MaxValueLength)
        {
            return value;
        }

        int length = char.IsHighSurrogate(value[MaxValueLength - 1]) ? MaxValueLength - 1 : MaxValueLength;
        return string.Create(
            CultureInfo.InvariantCulture, $"{value.AsSpan(0, length)}... ({value.Length - length} more)");
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
