using System.Diagnostics.CodeAnalysis;
using Gantry.Core;
using Google.Protobuf;
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
}
