using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Distribution;

/// <summary>Reads the body of an answer that reports errors: <c>{"errors":[{"code":…,"message":…}]}</c>.</summary>
public static class RegistryErrors
{
    private const int MaxErrors = 16;
    private const int MaxTextLength = 1024;

    /// <summary>The errors in a body; none when it is something else.</summary>
    /// <param name="utf8">The body, as much as was read of it.</param>
    public static IReadOnlyList<RegistryError> Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return [.. (JsonSerializer.Deserialize(utf8, RegistryErrorsJsonContext.Default.BodyJson)?.Errors ?? [])
                .Where(error => error is not null)
                .Take(MaxErrors)
                .Select(error => new RegistryError(Bounded(error!.Code), Bounded(error.Message)))];
        }
        catch (JsonException)
        {
            // Many servers answer with HTML or text; then there is nothing to report but the status.
            return [];
        }
    }

    // What a stranger says is shown on a terminal: no control characters, and not too much of it.
    private static string Bounded(string? text) =>
        text is null ? "" : string.Concat(text.Take(MaxTextLength).Select(c => char.IsControl(c) ? ' ' : c));

    internal sealed class BodyJson
    {
        [JsonPropertyName("errors")]
        public List<ErrorJson?>? Errors { get; set; }
    }

    internal sealed class ErrorJson
    {
        [JsonPropertyName("code")]
        public string? Code { get; set; }

        [JsonPropertyName("message")]
        public string? Message { get; set; }
    }
}
