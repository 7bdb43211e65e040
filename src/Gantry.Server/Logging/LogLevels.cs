using Gantry.Core.Errors;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Logging;

/// <summary>containerd's words for log levels.</summary>
public static class LogLevels
{
    /// <summary>The level of a word.</summary>
    /// <param name="text">Such as <c>info</c>.</param>
    /// <exception cref="GantryException">InvalidArgument: there is no such level.</exception>
    public static LogLevel Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.ToLowerInvariant() switch
        {
            "trace" => LogLevel.Trace,
            "debug" => LogLevel.Debug,
            "info" => LogLevel.Information,
            "warn" or "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            "fatal" or "panic" => LogLevel.Critical,
            _ => throw new GantryException(ErrorKind.InvalidArgument, $"not a valid log level: \"{text}\""),
        };
    }

    /// <summary>The word for a level.</summary>
    /// <param name="level">The level.</param>
    public static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        LogLevel.Critical => "fatal",
        _ => "info",
    };
}
