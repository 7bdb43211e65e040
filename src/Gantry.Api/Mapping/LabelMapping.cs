using System.Collections.Immutable;
using Google.Protobuf.Collections;

namespace Gantry.Api.Mapping;

/// <summary>Labels, annotations and other maps of text to text.</summary>
public static class LabelMapping
{
    /// <summary>Puts labels into the map field of a message.</summary>
    /// <param name="field">The field.</param>
    /// <param name="labels">The labels.</param>
    public static void Fill(this MapField<string, string> field, IReadOnlyDictionary<string, string> labels)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(labels);
        foreach ((string key, string value) in labels)
        {
            field[key] = value;
        }
    }

    /// <summary>The labels of a message's map field; they no longer change with it.</summary>
    /// <param name="field">The field.</param>
    public static IReadOnlyDictionary<string, string> ToRecord(this MapField<string, string> field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return field.Count == 0
            ? ImmutableDictionary<string, string>.Empty
            : new Dictionary<string, string>(field, StringComparer.Ordinal);
    }
}
