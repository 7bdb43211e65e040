using System.Text.Json;
using Gantry.Api.Events;
using Gantry.Core;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gantry.Cli.Daemon;

/// <summary>Events as JSON.</summary>
internal static class EventJson
{
    private static readonly JsonFormatter Formatter =
        new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    private static readonly Dictionary<string, MessageDescriptor> Known = new FileDescriptor[]
    {
        ContainerReflection.Descriptor,
        ContentReflection.Descriptor,
        Api.Services.Images.ImagesReflection.Descriptor,
        NamespaceReflection.Descriptor,
        SandboxReflection.Descriptor,
        SnapshotReflection.Descriptor,
        TaskReflection.Descriptor,
    }.SelectMany(f => f.MessageTypes).ToDictionary(m => m.FullName, StringComparer.Ordinal);

    /// <summary>An event on one line; one of an unknown type as its type and bytes.</summary>
    public static string Format(TypedBytes value)
    {
        if (Known.TryGetValue(value.TypeUrl, out MessageDescriptor? descriptor))
        {
            try
            {
                return Formatter.Format(descriptor.Parser.ParseFrom(value.Value.Span));
            }
            catch (InvalidProtocolBufferException)
            {
                // It is not what it says it is: show the bytes.
            }
        }

        string type = JsonEncodedText.Encode(value.TypeUrl).ToString();
        return $"{{\"type_url\":\"{type}\",\"value\":\"{Convert.ToBase64String(value.Value.Span)}\"}}";
    }
}
