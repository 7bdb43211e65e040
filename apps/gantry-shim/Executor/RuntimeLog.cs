using System.Text.Json;

namespace Gantry.Shim.Executor;

/// <summary>The log that an OCI runtime writes, a JSON object a line; its last error tells why a command failed.</summary>
internal sealed class RuntimeLog(string path)
{
    private const long ReadLimit = 1 << 20;

    public string FilePath => path;

    /// <summary>How long the log is now: what comes later belongs to the next command.</summary>
    public long Length => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>The last error in it.</summary>
    /// <param name="since">How long it was before the command.</param>
    /// <returns>The text, empty if there is none.</returns>
    /// <exception cref="IOException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no log of a runtime.</exception>
    public string LastError(long since)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Seek(Math.Max(since, file.Length - ReadLimit), SeekOrigin.Begin);
        byte[] bytes = new byte[file.Length - file.Position];
        file.ReadExactly(bytes);
        string last = "";
        Utf8JsonReader reader = new(
            bytes, new JsonReaderOptions { AllowMultipleValues = true, CommentHandling = JsonCommentHandling.Skip });
        try
        {
            while (reader.Read())
            {
                last = ReadEntry(ref reader) ?? last;
            }
        }
        catch (JsonException e)
        {
            // A runtime that dies as it writes leaves half a line; what was read before it stands.
            return last.Length > 0 ? last : throw new InvalidDataException($"{path}: not JSON", e);
        }

        return last;
    }

    private static string? ReadEntry(ref Utf8JsonReader reader)
    {
        string? message = null;
        bool error = false;
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            bool level = reader.ValueTextEquals("level"u8);
            bool text = reader.ValueTextEquals("msg"u8);
            reader.Read();
            if (reader.TokenType is JsonTokenType.String)
            {
                error |= level && reader.ValueTextEquals("error"u8);
                message = text ? reader.GetString() : message;
            }

            reader.Skip();
        }

        return error ? message : null;
    }
}
