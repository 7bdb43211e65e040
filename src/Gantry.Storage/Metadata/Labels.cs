using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gantry.Core.Errors;
using Gantry.Core.Labels;

namespace Gantry.Storage.Metadata;

/// <summary>Labels and annotations: their stored form, a JSON object of strings, and their rules.</summary>
internal static class Labels
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Labels that break no rule, without those whose value is empty: these are as good as absent.</summary>
    /// <param name="labels">The labels.</param>
    /// <param name="subject">What begins the text of an error, such as <c>info.Labels</c>.</param>
    /// <exception cref="GantryException">InvalidArgument: a label is too long.</exception>
    public static IReadOnlyDictionary<string, string> Check(
        IReadOnlyDictionary<string, string> labels,
        string subject)
    {
        try
        {
            LabelRules.Validate(labels);
        }
        catch (GantryException e)
        {
            throw GantryException.Verbatim(e.Kind, $"{subject}: {e.Message}", e);
        }

        return WithoutEmpty(labels);
    }

    /// <summary>Labels without those whose value is empty.</summary>
    public static IReadOnlyDictionary<string, string> WithoutEmpty(IReadOnlyDictionary<string, string> labels) =>
        labels.Any(pair => pair.Value.Length == 0)
            ? labels.Where(pair => pair.Value.Length > 0).ToDictionary(StringComparer.Ordinal)
            : labels;

    /// <summary>
    /// Applies one path of a field mask to labels: the field itself replaces them, <c>FIELD.KEY</c> sets one, or
    /// removes it when it has no value.
    /// </summary>
    /// <returns>Null when the path names something else.</returns>
    public static IReadOnlyDictionary<string, string>? Apply(
        string field,
        string path,
        IReadOnlyDictionary<string, string> current,
        IReadOnlyDictionary<string, string> given)
    {
        if (string.Equals(path, field, StringComparison.Ordinal))
        {
            return given;
        }

        if (!path.StartsWith(field, StringComparison.Ordinal) || path.Length <= field.Length + 1
            || path[field.Length] != '.')
        {
            return null;
        }

        string key = path[(field.Length + 1)..];
        Dictionary<string, string> changed = new(current, StringComparer.Ordinal);
        changed.Remove(key);
        if (given.TryGetValue(key, out string? value) && value.Length > 0)
        {
            changed.Add(key, value);
        }

        return changed;
    }

    /// <summary>The stored form.</summary>
    public static string Encode(IReadOnlyDictionary<string, string> labels)
    {
        if (labels.Count == 0)
        {
            return "{}";
        }

        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter writer = new(buffer, Options))
        {
            writer.WriteStartObject();
            foreach ((string key, string value) in labels)
            {
                writer.WriteString(key, value);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Labels from their stored form.</summary>
    public static IReadOnlyDictionary<string, string> Decode(ReadOnlySpan<byte> stored)
    {
        StoredLabels reader = new(stored);
        if (reader.IsEmpty)
        {
            return ImmutableDictionary<string, string>.Empty;
        }

        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        while (reader.Read())
        {
            labels[Encoding.UTF8.GetString(reader.Key)] = Encoding.UTF8.GetString(reader.Value);
        }

        return labels;
    }
}
