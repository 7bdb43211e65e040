using Gantry.Api;
using Gantry.Core.Events;
using Gantry.Core.Filters;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gantry.Runtime.Events;

/// <summary>
/// What a filter finds in an event: <c>namespace</c>, <c>topic</c>, and <c>event.</c> with a path of fields of one of
/// containerd's own events. As in containerd, texts, flags, maps of texts and fields of messages are found; numbers,
/// times and lists are not.
/// </summary>
internal sealed class EventFields(EventEnvelope envelope) : IFieldSource
{
    /// <inheritdoc/>
    public bool TryGetField(ReadOnlySpan<string> path, out string value)
    {
        value = "";
        switch (path.Length > 0 ? path[0] : "")
        {
            case "namespace":
                value = envelope.Namespace.ToString();
                return value.Length > 0;
            case "topic":
                value = envelope.Topic;
                return value.Length > 0;
            case "event":
                return EventTypes.Find(envelope.Event.TypeUrl) is { } type
                    && TryFind(UnsafeByteOperations.UnsafeWrap(envelope.Event.Value), type, path[1..], out value);
            default:
                return false;
        }
    }

    /// <summary>Walks the fields of a message as it lies in its bytes; a field that comes again replaces the earlier.</summary>
    private static bool TryFind(
        ByteString message, MessageDescriptor type, ReadOnlySpan<string> path, out string value)
    {
        value = "";
        if (path.IsEmpty || type.FindFieldByName(path[0]) is not { } field)
        {
            return false;
        }

        try
        {
            return TryFindField(message.CreateCodedInput(), field, path[1..], out value);
        }
        catch (InvalidProtocolBufferException)
        {
            // An event that can't be read has no fields.
            return false;
        }
    }

    private static bool TryFindField(
        CodedInputStream input, FieldDescriptor field, ReadOnlySpan<string> rest, out string value)
    {
        bool found = false;
        value = "";
        string key = string.Join('.', rest!);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) != field.FieldNumber)
            {
                input.SkipLastField();
            }
            else if (field.IsMap && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                (string entryKey, string entryValue) = ReadEntry(input.ReadBytes());
                if (entryKey == key)
                {
                    value = entryValue;
                    found = true;
                }
            }
            else if (!field.IsRepeated && IsReadable(field, tag))
            {
                found = TryReadValue(input, field, rest, out value);
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }

    private static bool IsReadable(FieldDescriptor field, uint tag) => WireFormat.GetTagWireType(tag) switch
    {
        WireFormat.WireType.LengthDelimited => field.FieldType is FieldType.String or FieldType.Message,
        WireFormat.WireType.Varint => field.FieldType is FieldType.Bool,
        _ => false,
    };

    private static bool TryReadValue(
        CodedInputStream input, FieldDescriptor field, ReadOnlySpan<string> rest, out string value)
    {
        switch (field.FieldType)
        {
            case FieldType.String:
                value = input.ReadString();
                return value.Length > 0;
            case FieldType.Bool:
                bool flag = input.ReadBool();
                value = flag ? "true" : "false";
                return flag;
            default:
                return TryFind(input.ReadBytes(), field.MessageType, rest, out value);
        }
    }

    private static (string Key, string Value) ReadEntry(ByteString bytes)
    {
        string key = "";
        string value = "";
        CodedInputStream input = bytes.CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            switch (tag)
            {
                case 10:
                    key = input.ReadString();
                    break;
                case 18:
                    value = input.ReadString();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return (key, value);
    }
}
