using Microsoft.Extensions.Logging;

namespace Gantry.Runtime.Sandboxes;

/// <summary>What is logged of sandboxes.</summary>
internal static partial class SandboxLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "sandbox {Namespace}/{Id}: adopted, it is {State}")]
    public static partial void Adopted(this ILogger logger, string @namespace, string id, string state);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sandbox {Namespace}/{Id}: its shim is dead, cleaning up")]
    public static partial void ShimDead(this ILogger logger, string @namespace, string id);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "sandbox {Namespace}/{Id}: shim lives but does not answer, will try again in {Delay}")]
    public static partial void Unreachable(
        this ILogger logger, string @namespace, string id, TimeSpan delay, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "sandbox {Namespace}/{Id}: {What} failed")]
    public static partial void StepFailed(this ILogger logger, string @namespace, string id, string what, Exception failure);

    [LoggerMessage(Level = LogLevel.Debug, Message = "sandbox {Namespace}/{Id}: its shim does not tell of its end")]
    public static partial void EndNotTold(this ILogger logger, string @namespace, string id, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "sandbox {Namespace}/{Id}: no more watched over")]
    public static partial void WatchFailed(this ILogger logger, string @namespace, string id, Exception failure);
}
