namespace Gantry.Archive.Processors;

/// <summary>
/// A program that turns layers of some media types into layers of another, such as a decryptor: a table of
/// <c>[stream_processors]</c> in config.toml. It reads the layer from its standard input and writes what it makes of it
/// to its standard output. The media type that it is given is in <c>STREAM_PROCESSOR_MEDIATYPE</c>; where the client
/// has a payload for it, a serialized Any can be read from descriptor 3.
/// </summary>
/// <param name="Id">The name of the table, by which payloads are addressed.</param>
/// <param name="Accepts">The media types that it takes.</param>
/// <param name="Returns">The media type that it makes of them.</param>
/// <param name="Path">The program.</param>
public sealed record StreamProcessor(string Id, IReadOnlyList<string> Accepts, string Returns, string Path)
{
    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables added to the daemon's environment, as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
}
