using Gantry.Core.Errors;

namespace Gantry.Server.Logging;

/// <summary>The words for what can be said of the log.</summary>
public static class LogTargets
{
    /// <summary>The target of a word.</summary>
    /// <param name="text"><c>stderr</c> or <c>journald</c>.</param>
    /// <exception cref="GantryException">InvalidArgument: there is no such target.</exception>
    public static LogTarget Parse(string text) => text switch
    {
        "stderr" => LogTarget.StandardError,
        "journald" => LogTarget.Journal,
        _ => throw new GantryException(ErrorKind.InvalidArgument, $"no log target \"{text}\", expected stderr or journald"),
    };

    /// <summary>The word for a target.</summary>
    /// <param name="target">The target.</param>
    public static string Name(LogTarget target) => target is LogTarget.Journal ? "journald" : "stderr";

    /// <summary>The format of a word.</summary>
    /// <param name="text"><c>text</c> or <c>json</c>.</param>
    /// <exception cref="GantryException">InvalidArgument: there is no such format.</exception>
    public static LogFormat ParseFormat(string text) => text switch
    {
        "text" => LogFormat.Text,
        "json" => LogFormat.Json,
        _ => throw new GantryException(ErrorKind.InvalidArgument, $"no log format \"{text}\", expected text or json"),
    };
}
