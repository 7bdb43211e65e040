using System.Text.Json;
using System.Text.Json.Nodes;
using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Core;
using Google.Protobuf;

namespace Gantry.Cli.Daemon;

/// <summary>Events as JSON.</summary>
internal static class EventJson
{
    private static readonly JsonFormatter Formatter =
        new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    /// <summary>An event on one line; one of an unknown type as its type and bytes.</summary>
    public static string Format(TypedBytes value)
    {
        if (EventTypes.Find(value.TypeUrl) is { } type)
        {
            try
            {
                return Format(type.Parser.ParseFrom(value.Value.Span));
            }
            catch (Exception failure) when (failure is InvalidProtocolBufferException or InvalidOperationException)
            {
                // It is not what it says it is, or has something in it that has no form in JSON: show the bytes.
            }
        }

        string name = JsonEncodedText.Encode(value.TypeUrl).ToString();
        return $"{{\"type_url\":\"{name}\",\"value\":\"{Convert.ToBase64String(value.Value.Span)}\"}}";
    }

    /// <summary>A runtime's options are the one thing in an event whose type is the client's: they are shown as bytes.</summary>
    private static string Format(IMessage message)
    {
        if (message is not ContainerCreate { Runtime: { Options: { } options } runtime })
        {
            return Formatter.Format(message);
        }

        runtime.Options = null;
        JsonNode json = JsonNode.Parse(Formatter.Format(message))!;
        json["runtime"]!["options"] = new JsonObject
        {
            ["type_url"] = options.TypeUrl,
            ["value"] = options.Value.ToBase64(),
        };
        return json.ToJsonString();
    }
}
