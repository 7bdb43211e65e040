using Microsoft.Extensions.Logging;

namespace Gantry.Runtime.Tasks;

/// <summary>What is logged of tasks.</summary>
internal static partial class TaskLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "task {Namespace}/{Id}: adopted, it is {Status}")]
    public static partial void Adopted(this ILogger logger, string @namespace, string id, ProcessStatus status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "task {Namespace}/{Id}: shim at {Address} is dead, cleaning up")]
    public static partial void ShimDead(this ILogger logger, string @namespace, string id, string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "task {Namespace}/{Id}: connected to its shim again")]
    public static partial void Reconnected(this ILogger logger, string @namespace, string id);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "task {Namespace}/{Id}: shim lives but does not answer, will try again in {Delay}")]
    public static partial void Unreachable(
        this ILogger logger, string @namespace, string id, TimeSpan delay, Exception failure);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "tasks found at start: {Adopted} adopted, {Silent} silent, {Removed} removed, in {Milliseconds:0} ms")]
    public static partial void AllAdopted(
        this ILogger logger, int adopted, int silent, int removed, double milliseconds);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "task {Namespace}/{Id}: took back what an earlier daemon had begun to make")]
    public static partial void CreationUndone(this ILogger logger, string @namespace, string id);

    [LoggerMessage(Level = LogLevel.Debug, Message = "task {Namespace}/{Id}: exit of {Pid} with {Status} is told")]
    public static partial void ExitTold(this ILogger logger, string @namespace, string id, uint pid, uint status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "task {Namespace}/{Id}: its cgroup can't be removed")]
    public static partial void ContainerLeft(this ILogger logger, string @namespace, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "task {Namespace}/{Id}: shim has no such task, ending it")]
    public static partial void ShimEmpty(this ILogger logger, string @namespace, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "task {Namespace}/{Id}: {What} failed")]
    public static partial void CleanupFailed(
        this ILogger logger, string @namespace, string id, string what, Exception failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "task {Namespace}/{Id}: shim delete warns: {Warnings}")]
    public static partial void CleanupWarnings(this ILogger logger, string @namespace, string id, string warnings);

    [LoggerMessage(Level = LogLevel.Error, Message = "task {Namespace}/{Id}: no more watched over")]
    public static partial void WatchFailed(this ILogger logger, string @namespace, string id, Exception failure);

    [LoggerMessage(Level = LogLevel.Debug, Message = "task {Namespace}/{Id}: left out of the list")]
    public static partial void LeftOut(this ILogger logger, string @namespace, string id, Exception failure);
}
