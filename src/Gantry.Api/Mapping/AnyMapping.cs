using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Gantry.Core;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Api.Mapping;

/// <summary>Values of any type, byte for byte.</summary>
public static class AnyMapping
{
    /// <summary>The value as a message; it shares the bytes.</summary>
    /// <param name="value">The value; may be absent.</param>
    [return: NotNullIfNotNull(nameof(value))]
    public static Any? ToMessage(this TypedBytes? value) =>
        value is null
            ? null
            : new Any { TypeUrl = value.TypeUrl, Value = UnsafeByteOperations.UnsafeWrap(value.Value) };

    /// <summary>The value as a record; it shares the bytes.</summary>
    /// <param name="message">The message; may be absent.</param>
    [return: NotNullIfNotNull(nameof(message))]
    public static TypedBytes? ToRecord(this Any? message) =>
        message is null ? null : new TypedBytes(message.TypeUrl, message.Value.Memory);

    /// <summary>Puts values into the map field of a message; it shares the bytes.</summary>
    /// <param name="field">The field.</param>
    /// <param name="values">The values, by name.</param>
    public static void Fill(this MapField<string, Any> field, IReadOnlyDictionary<string, TypedBytes> values)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(values);
        foreach ((string name, TypedBytes value) in values)
        {
            field[name] = value.ToMessage();
        }
    }

    /// <summary>The values of a message's map field, by name; they share the bytes.</summary>
    /// <param name="field">The field.</param>
    public static IReadOnlyDictionary<string, TypedBytes> ToRecord(this MapField<string, Any> field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return field.Count == 0
            ? ImmutableDictionary<string, TypedBytes>.Empty
            : field.ToDictionary(entry => entry.Key, entry => entry.Value.ToRecord(), StringComparer.Ordinal);
    }
}
