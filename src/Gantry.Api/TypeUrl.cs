using Gantry.Core;
using Gantry.Core.Errors;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Api;

/// <summary>
/// Names of message types as containerd writes them into an Any: the bare full name, <c>containerd.events.TaskExit</c>,
/// with no <c>type.googleapis.com/</c> before it.
/// </summary>
public static class TypeUrl
{
    private const string DescriptorName = "containerd.types.Descriptor";

    /// <summary>The name of a message's type on the wire.</summary>
    /// <param name="message">Any message.</param>
    public static string Of(IMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return KnownTypes.NameOf(message) ?? Of(message.Descriptor);
    }

    /// <summary>The name of a type on the wire.</summary>
    /// <param name="descriptor">The type.</param>
    public static string Of(MessageDescriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);

        // The one message that has another name in C# than on the wire, see api/types/descriptor.proto.
        return descriptor.ClrType == typeof(Types.ContentDescriptor) ? DescriptorName : descriptor.FullName;
    }

    /// <summary>Packs a message.</summary>
    /// <param name="message">Any message.</param>
    public static TypedBytes Pack(IMessage message) => Pack(Of(message), message);

    /// <summary>Packs a message whose name the caller knows; this does not load the type's description.</summary>
    /// <param name="typeName">The bare full name.</param>
    /// <param name="message">A message of that type.</param>
    public static TypedBytes Pack(string typeName, IMessage message) => new(typeName, message.ToByteArray());

    /// <summary>Packs a message for a field of type Any.</summary>
    /// <param name="message">Any message.</param>
    public static Any PackAny(IMessage message) => PackAny(Of(message), message);

    /// <summary>Packs a message whose name the caller knows; this does not load the type's description.</summary>
    /// <param name="typeName">The bare full name.</param>
    /// <param name="message">A message of that type.</param>
    public static Any PackAny(string typeName, IMessage message) =>
        new() { TypeUrl = typeName, Value = message.ToByteString() };

    /// <summary>Whether a type URL names a type. A prefix that ends in <c>/</c>, as other languages write it, is legal.</summary>
    /// <param name="typeUrl">The type URL as it came.</param>
    /// <param name="descriptor">The type.</param>
    public static bool Is(string typeUrl, MessageDescriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(typeUrl);
        return Is(typeUrl, Of(descriptor));
    }

    /// <summary>Unpacks a value, if it is of the wanted type.</summary>
    /// <typeparam name="T">The wanted type.</typeparam>
    /// <param name="any">The value; may be absent.</param>
    /// <param name="message">The message.</param>
    /// <returns>False when there is no value, or one of another type.</returns>
    /// <exception cref="GantryException">InvalidArgument: it is of that type but malformed.</exception>
    public static bool TryUnpack<T>(Any? any, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>, new()
    {
        if (any is null)
        {
            message = null;
            return false;
        }

        return TryUnpack(any.TypeUrl, any.Value.Span, out message);
    }

    /// <summary>Unpacks a value, if it is of the wanted type.</summary>
    /// <typeparam name="T">The wanted type.</typeparam>
    /// <param name="value">The value; may be absent.</param>
    /// <param name="message">The message.</param>
    /// <returns>False when there is no value, or one of another type.</returns>
    /// <exception cref="GantryException">InvalidArgument: it is of that type but malformed.</exception>
    public static bool TryUnpack<T>(
        TypedBytes? value,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>, new()
    {
        if (value is null)
        {
            message = null;
            return false;
        }

        return TryUnpack(value.TypeUrl, value.Value.Span, out message);
    }

    private static bool Is(ReadOnlySpan<char> typeUrl, string name) =>
        typeUrl[(typeUrl.LastIndexOf('/') + 1)..].SequenceEqual(name);

    private static bool TryUnpack<T>(
        string typeUrl,
        ReadOnlySpan<byte> bytes,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>, new()
    {
        T candidate = new();
        if (!Is(typeUrl, Of(candidate)))
        {
            message = null;
            return false;
        }

        try
        {
            candidate.MergeFrom(bytes);
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"value of type {typeUrl} can't be read: {malformed.Message}",
                malformed);
        }

        message = candidate;
        return true;
    }
}
