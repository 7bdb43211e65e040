using Microsoft.Extensions.Logging;

namespace Gantry.Distribution;

internal static partial class DistributionLog
{
    [LoggerMessage(1, LogLevel.Information, "request to {Url} failed ({Reason}), attempt {Attempt} follows in {Delay}")]
    public static partial void Retrying(this ILogger logger, string url, string reason, int attempt, TimeSpan delay);

    [LoggerMessage(2, LogLevel.Debug, "{Method} {Url}: {Status}")]
    public static partial void Answered(this ILogger logger, string method, string url, int status);

    [LoggerMessage(3, LogLevel.Information, "{Url} broke off after {Offset} bytes ({Reason}), going on from there")]
    public static partial void Resuming(this ILogger logger, string url, long offset, string reason);

    [LoggerMessage(4, LogLevel.Debug, "token for {Scope} from {Realm}")]
    public static partial void TokenFetched(this ILogger logger, string scope, string realm);

    [LoggerMessage(5, LogLevel.Information, "{Host} could not serve {Reference} ({Reason}), asking {Next}")]
    public static partial void AskingNext(this ILogger logger, string host, string reference, string reason, string next);

    [LoggerMessage(6, LogLevel.Debug, "{Host} asks who we are: {Credential}")]
    public static partial void CredentialFound(this ILogger logger, string host, string credential);
}
