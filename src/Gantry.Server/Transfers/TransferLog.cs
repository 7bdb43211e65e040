using Microsoft.Extensions.Logging;

namespace Gantry.Server.Transfers;

/// <summary>What transfers log.</summary>
internal static partial class TransferLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "image verifier has judged")]
    public static partial void Judged(
        this ILogger logger, string verifier, string name, string digest, bool ok, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "registry has warned")]
    public static partial void Warned(this ILogger logger, string host, string text);
}
