using Gantry.Core.Errors;

namespace Gantry.Shim.Io;

/// <summary>The name of a stream, taken apart: the path of a FIFO, or a URI.</summary>
/// <param name="Scheme">What is before <c>://</c>; that of a bare path is <see cref="Fifo"/>.</param>
/// <param name="Path">The path, absolute.</param>
/// <param name="Query">The pairs after the question mark, decoded, in their order.</param>
internal sealed record StreamUri(string Scheme, string Path, IReadOnlyList<KeyValuePair<string, string>> Query)
{
    public const string Fifo = "fifo";
    public const string File = "file";
    public const string LogFile = "logfile";
    private const string Logger = "binary";
    private const string StrictLogger = "binary-v2";
    private const string Separator = "://";

    /// <summary>Whether it names a program that takes the output.</summary>
    public bool IsLogger => Scheme is Logger or StrictLogger;

    /// <summary>Whether the program has to say that it is ready: the end of the pipe does not say so.</summary>
    public bool MustSayReady => Scheme == StrictLogger;

    /// <summary>Takes a name apart.</summary>
    /// <param name="name">What the client gave; not empty.</param>
    /// <exception cref="GantryException">InvalidArgument: there is no absolute path in it.</exception>
    public static StreamUri Parse(string name)
    {
        int separator = name.IndexOf(Separator, StringComparison.Ordinal);
        if (name.StartsWith('/') || separator <= 0)
        {
            return new StreamUri(Fifo, Absolute(name, name), []);
        }

        string rest = name[(separator + Separator.Length)..];
        int question = rest.IndexOf('?', StringComparison.Ordinal);
        string path = question < 0 ? rest : rest[..question];
        return new StreamUri(
            name[..separator],
            Absolute(Uri.UnescapeDataString(path), name),
            question < 0 ? [] : ParseQuery(rest[(question + 1)..]));
    }

    private static string Absolute(string path, string name) => path.StartsWith('/')
        ? path
        : throw new GantryException(ErrorKind.InvalidArgument, $"{name}: not an absolute path");

    private static KeyValuePair<string, string>[] ParseQuery(string query) =>
    [
        .. query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair =>
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            return equals < 0
                ? new KeyValuePair<string, string>(Decode(pair), "")
                : new KeyValuePair<string, string>(Decode(pair[..equals]), Decode(pair[(equals + 1)..]));
        }),
    ];

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
