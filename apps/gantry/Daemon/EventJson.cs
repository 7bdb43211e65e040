using System.Text.Json;
using Gantry.Api;
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
                return Formatter.Format(type.Parser.ParseFrom(value.Value.Span));
            }
            catch (Exception failure) when (failure is InvalidProtocolBufferException or InvalidOperationException)
            {
                // It is not what it says it is, or has something in it that has no form in JSON: show the bytes.
            }
        }

        string name = JsonEncodedText.Encode(value.TypeUrl).ToString();
        return $"{{\"type_url\":\"{name}\",\"value\":\"{Convert.ToBase64String(value.Value.Span)}\"}}";
    }
}
