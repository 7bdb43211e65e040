using System.Collections;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gantry.Api.Events;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Compat.Tests;

/// <summary>
/// Messages as text. In: JSON under the names of the .proto files, bytes as text, an Any as the two fields that it has.
/// Out: the fields that are set, times as <c>TIME</c>.
/// </summary>
internal static partial class ProtoText
{
    /// <summary>What is shown of an Any is what is in it, when it is one of these.</summary>
    private static readonly Dictionary<string, MessageDescriptor> Contents = TaskReflection.Descriptor.MessageTypes
        .Concat(SandboxReflection.Descriptor.MessageTypes)
        .ToDictionary(type => type.FullName, StringComparer.Ordinal);

    /// <summary>
    /// Fills in what a table of calls can't spell out: <c>{{sha256:TEXT}}</c> is a digest and <c>{{TEXT*N}}</c> a text
    /// N times.
    /// </summary>
    public static string Expand(string text) => Macro().Replace(text, match =>
    {
        string body = match.Groups["body"].Value;
        if (body.StartsWith("sha256:", StringComparison.Ordinal))
        {
            return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body[7..])));
        }

        int star = body.LastIndexOf('*');
        int count = int.Parse(body[(star + 1)..], CultureInfo.InvariantCulture);
        return new StringBuilder().Insert(0, body[..star], count).ToString();
    });

    /// <summary>Makes a message.</summary>
    public static IMessage Parse(MessageDescriptor type, JsonElement json)
    {
        IMessage message = type.Parser.ParseFrom(ReadOnlySpan<byte>.Empty.ToArray());
        foreach (JsonProperty property in json.EnumerateObject())
        {
            FieldDescriptor field = type.FindFieldByName(property.Name)
                ?? throw new InvalidDataException($"{type.FullName} has no field {property.Name}");
            if (field.IsMap)
            {
                FieldDescriptor value = field.MessageType.FindFieldByName("value");
                IDictionary map = (IDictionary)field.Accessor.GetValue(message);
                foreach (JsonProperty entry in property.Value.EnumerateObject())
                {
                    map.Add(entry.Name, Value(value, entry.Value));
                }
            }
            else if (field.IsRepeated)
            {
                IList list = (IList)field.Accessor.GetValue(message);
                foreach (JsonElement item in property.Value.EnumerateArray())
                {
                    list.Add(Value(field, item));
                }
            }
            else
            {
                field.Accessor.SetValue(message, Value(field, property.Value));
            }
        }

        return message;
    }

    /// <summary>Shows a message on one line.</summary>
    public static string Show(IMessage message)
    {
        if (message.Descriptor == Timestamp.Descriptor)
        {
            return "TIME";
        }

        if (message is Any any && Contents.TryGetValue(any.TypeUrl, out MessageDescriptor? content))
        {
            return $"{any.TypeUrl}{Show(content.Parser.ParseFrom(any.Value))}";
        }

        if (message is Any measured && measured.TypeUrl.StartsWith("io.containerd.cgroups.", StringComparison.Ordinal))
        {
            return measured.TypeUrl;
        }

        StringBuilder text = new("{");
        foreach (FieldDescriptor field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            object? value = field.Accessor.GetValue(message);
            string shown = value switch
            {
                null => "",
                Timestamp { Seconds: < 0 } when field.Name == "exited_at" => "NEVER",
                IDictionary map => string.Join(
                    ' ',
                    map.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(key => $"{key}:{Show(map[key]!)}")),
                IList list => string.Join(' ', list.Cast<object>().Select(Show)),
                _ => Show(value),
            };
            if (shown.Length > 0 && shown is not ("0" or "False"))
            {
                text.Append(CultureInfo.InvariantCulture, $" {field.Name}={shown}");
            }
        }

        return text.Append(" }").ToString();
    }

    private static string Show(object value) => value switch
    {
        IMessage message => Show(message),
        ByteString bytes => bytes.ToStringUtf8(),
        System.Enum kind => Convert.ToInt32(kind, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        string text when text.Length > 200 => $"{text[..40]}…{text.Length}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static object Value(FieldDescriptor field, JsonElement json) => field.FieldType switch
    {
        FieldType.Message => Parse(field.MessageType, json),
        FieldType.String => Expand(json.GetString()!),
        FieldType.Bytes => ByteString.CopyFromUtf8(Expand(json.GetString()!)),
        FieldType.Int64 => json.GetInt64(),
        FieldType.Int32 => json.GetInt32(),
        FieldType.UInt32 => json.GetUInt32(),
        FieldType.Bool => json.GetBoolean(),
        FieldType.Enum when json.ValueKind == JsonValueKind.String =>
            System.Enum.ToObject(field.EnumType.ClrType, field.EnumType.FindValueByName(json.GetString()!).Number),
        FieldType.Enum => System.Enum.ToObject(field.EnumType.ClrType, json.GetInt32()),
        _ => throw new NotSupportedException($"fields of type {field.FieldType}"),
    };

    [GeneratedRegex(@"\{\{(?<body>.*?)\}\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Macro();
}
