using Gantry.Core.Errors;
using Gantry.Linux;

namespace Gantry.Cli.CommandLine;

/// <summary>What is said of a failure.</summary>
internal static class Failure
{
    /// <summary>One line; null when there is nobody to tell.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        // Whoever read the output has gone away: gantry … | head.
        LinuxException { Errno: Errno.EPIPE } => null,
        GantryException or LinuxException or FormatException => OneLine(exception.Message),
        TimeoutException => OneLine(exception.Message),
        OperationCanceledException => "interrupted",
        IOException or UnauthorizedAccessException => OneLine(exception.Message),
        _ => $"internal error: {exception.GetType().Name}: {OneLine(exception.Message)}{Trace(exception)}",
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();

    private static string Trace(Exception exception) =>
        Environment.GetEnvironmentVariable("GANTRY_DEBUG") is "1" ? "\n" + exception.StackTrace : "";
}
