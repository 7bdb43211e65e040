using System.Text;
using System.Text.Json;
using Gantry.Core.Errors;

namespace Gantry.Runtime.Shims;

/// <summary>What a shim says when it is up, and what <c>bootstrap.json</c> holds: how to talk to it.</summary>
/// <param name="Version">The version of the task service: 2 or 3.</param>
/// <param name="Address">The address of its socket, such as <c>unix:///run/containerd/s/…</c>.</param>
/// <param name="Protocol">How it is spoken to: <c>ttrpc</c>, or <c>grpc</c>.</param>
public sealed record BootstrapResult(int Version, string Address, string Protocol)
{
    /// <summary>The newest version of the task service that this daemon speaks.</summary>
    public const int NewestVersion = 3;

    /// <summary>The greatest length of what a shim may say.</summary>
    public const int MaxLength = 64 * 1024;

    private const int OldestVersion = 2;

    /// <summary>Reads what a shim wrote: JSON, or as shims of old a bare address.</summary>
    /// <param name="output">What it wrote.</param>
    /// <exception cref="GantryException">
    /// InvalidArgument: it is neither. NotImplemented: it wants a version or a protocol that this daemon does not speak.
    /// </exception>
    public static BootstrapResult Parse(ReadOnlySpan<byte> output)
    {
        string text = Encoding.UTF8.GetString(output[..Math.Min(output.Length, MaxLength)]).Trim();
        if (text.Length == 0)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "shim said no address");
        }

        BootstrapResult result = text[0] == '{' ? ParseJson(text) : new BootstrapResult(OldestVersion, text, "ttrpc");
        if (result.Address.Contains('\n', StringComparison.Ordinal) || result.Address.Length == 0)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"shim said no address, but: {text}");
        }

        return result.Checked();
    }

    /// <summary>This, when it is something that this daemon speaks.</summary>
    /// <exception cref="GantryException">NotImplemented: it is not.</exception>
    public BootstrapResult Checked()
    {
        if (Version is < OldestVersion or > NewestVersion)
        {
            throw new GantryException(
                ErrorKind.NotImplemented, $"shim version {Version}, where 2 and 3 are spoken");
        }

        if (Protocol is not "ttrpc")
        {
            throw new GantryException(ErrorKind.NotImplemented, $"shim protocol \"{Protocol}\"");
        }

        return this;
    }

    /// <summary>The JSON of it.</summary>
    public byte[] ToJson()
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            writer.WriteString("address", Address);
            writer.WriteString("protocol", Protocol);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static BootstrapResult ParseJson(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            int version = root.TryGetProperty("version", out JsonElement number) ? number.GetInt32() : OldestVersion;
            string address = root.TryGetProperty("address", out JsonElement place) ? place.GetString() ?? "" : "";
            string protocol = root.TryGetProperty("protocol", out JsonElement name) ? name.GetString() ?? "" : "";
            return new BootstrapResult(
                version == 0 ? OldestVersion : version, address, protocol.Length == 0 ? "ttrpc" : protocol);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"shim said no address, but: {text}", failure);
        }
    }
}
