using Microsoft.Extensions.Logging;

namespace Gantry.Transfer;

internal static partial class TransferLog
{
    [LoggerMessage(1, LogLevel.Information, "pulled {Ref} as {Digest}")]
    public static partial void Pulled(this ILogger logger, string @ref, string digest);

    [LoggerMessage(2, LogLevel.Warning, "{What} was left behind: {Reason}")]
    public static partial void LeftBehind(this ILogger logger, string what, string reason);

    [LoggerMessage(3, LogLevel.Information, "ingest {Ref} of {Offset} bytes did not come to its digest, starting again")]
    public static partial void StartingAgain(this ILogger logger, string @ref, long offset);

    [LoggerMessage(4, LogLevel.Information, "pushed {Ref} as {Digest}")]
    public static partial void Pushed(this ILogger logger, string @ref, string digest);

    [LoggerMessage(5, LogLevel.Information, "layer {Digest} waits for those below it: {Reason}")]
    public static partial void NotDetached(this ILogger logger, string digest, string reason);
}
