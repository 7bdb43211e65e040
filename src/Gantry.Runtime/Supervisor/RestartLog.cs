using Microsoft.Extensions.Logging;

namespace Gantry.Runtime.Supervisor;

/// <summary>What is logged of containers that are kept running.</summary>
internal static partial class RestartLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "container {Namespace}/{Id}: started again, {Count} times by now")]
    public static partial void Restarted(this ILogger logger, string @namespace, string id, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "container {Namespace}/{Id}: stopped, as its label wants")]
    public static partial void Stopped(this ILogger logger, string @namespace, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "container {Namespace}/{Id}: can't be brought to what its label wants")]
    public static partial void RestartFailed(this ILogger logger, string @namespace, string id, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "container {Namespace}/{Id}: restart policy \"{Policy}\" is not supported")]
    public static partial void PolicyUnknown(this ILogger logger, string @namespace, string id, string policy);
}
