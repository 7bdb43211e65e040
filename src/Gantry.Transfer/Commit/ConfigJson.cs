using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gantry.Core.Errors;

namespace Gantry.Transfer.Commit;

/// <summary>JSON documents that are changed in places, while what is not known to this program stays as it is.</summary>
internal static class ConfigJson
{
    private const int MaxDepth = 64;

    // Media types have a plus in them: it stays one, as everybody else writes it.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a document.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is no JSON object.</exception>
    public static JsonObject Parse(byte[] data, string what) =>
        ParseNode(data, what) as JsonObject
        ?? throw new GantryException(ErrorKind.InvalidArgument, $"{what}: no JSON object");

    /// <summary>Reads a document that is a list.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is no JSON list.</exception>
    public static JsonArray ParseList(byte[] data, string what) =>
        ParseNode(data, what) as JsonArray
        ?? throw new GantryException(ErrorKind.InvalidArgument, $"{what}: no JSON list");

    /// <summary>The bytes of a document.</summary>
    public static byte[] ToBytes(JsonObject document)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Plain))
        {
            document.WriteTo(writer);
        }

        return stream.ToArray();
    }

    /// <summary>An object in an object, which is made if it is not there.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is something else.</exception>
    public static JsonObject Object(JsonObject parent, string key) =>
        (parent[key] ??= new JsonObject()) as JsonObject
        ?? throw new GantryException(ErrorKind.InvalidArgument, $"image config: {key} is no object");

    /// <summary>A list in an object, which is made if it is not there.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is something else.</exception>
    public static JsonArray List(JsonObject parent, string key) =>
        (parent[key] ??= new JsonArray()) as JsonArray
        ?? throw new GantryException(ErrorKind.InvalidArgument, $"image config: {key} is no list");

    private static JsonNode? ParseNode(byte[] data, string what)
    {
        try
        {
            return JsonNode.Parse(
                data,
                documentOptions: new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"{what}: {e.Message}", e);
        }
    }
}
