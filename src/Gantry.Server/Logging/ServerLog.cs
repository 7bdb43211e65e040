using Microsoft.Extensions.Logging;

namespace Gantry.Server.Logging;

/// <summary>What the server logs.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "starting gantry")]
    public static partial void Starting(ILogger logger, string version, string revision, string root, string state);

    [LoggerMessage(Level = LogLevel.Information, Message = "serving...")]
    public static partial void Serving(ILogger logger, string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "gantry successfully booted in {seconds}s")]
    public static partial void Booted(ILogger logger, string seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "took over containerd's root")]
    public static partial void Adopted(ILogger logger, string path, int schemaVersion, long transaction);

    [LoggerMessage(Level = LogLevel.Information, Message = "took over namespace {name}")]
    public static partial void NamespaceAdopted(
        ILogger logger, string name, int images, int containers, int sandboxes, int blobs, int snapshots, int leases);

    [LoggerMessage(Level = LogLevel.Warning, Message = "did not take over {what} of namespace {name}")]
    public static partial void NotAdopted(ILogger logger, string name, string what, int count, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "took over a record that needs a look: {detail}")]
    public static partial void AdoptedAmiss(ILogger logger, string detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "containerd's database is damaged; it was taken over before")]
    public static partial void SourceDamaged(ILogger logger, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "containerd has worked on this root since it was taken over; what it changed is not known here")]
    public static partial void SourceChanged(ILogger logger, string path, long transactionThen, long transactionNow);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the daemon does not answer itself, the service manager is not told that it lives")]
    public static partial void DoesNotAnswer(ILogger logger, string address, string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "stopping")]
    public static partial void Stopping(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(Level = LogLevel.Error, Message = "{part} ended unexpectedly")]
    public static partial void PartEnded(ILogger logger, string part, Exception? exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "call failed")]
    public static partial void CallFailed(ILogger logger, string method, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "call failed in an unexpected way")]
    public static partial void CallBroke(ILogger logger, string method, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "event is lost")]
    public static partial void EventLost(ILogger logger, string topic, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "ttrpc connection failed")]
    public static partial void ConnectionFailed(ILogger logger, string error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "ignoring unknown key in config")]
    public static partial void UnknownKey(ILogger logger, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{warning}")]
    public static partial void ConfigWarning(ILogger logger, string warning);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{deprecation}")]
    public static partial void Deprecated(ILogger logger, string deprecation, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "plugin {plugin} can't be disabled")]
    public static partial void NotDisabled(ILogger logger, string plugin);

    [LoggerMessage(Level = LogLevel.Information, Message = "configuration was read again, changed: {keys}")]
    public static partial void Reloaded(ILogger logger, string keys);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{key} has changed, and needs a restart to take effect")]
    public static partial void NeedsRestart(ILogger logger, string key);

    [LoggerMessage(Level = LogLevel.Error, Message = "configuration could not be read again, the old one stays: {reason}")]
    public static partial void NotReloaded(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "what a signal asked for failed in an unexpected way")]
    public static partial void RequestFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "report: {line}")]
    public static partial void Report(ILogger logger, string line);

    [LoggerMessage(Message = "skipping plugin")]
    public static partial void PluginSkipped(ILogger logger, LogLevel level, string plugin, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a proxy snapshotter did not take a removal, it will be told again")]
    public static partial void ProxyNotCleaned(ILogger logger, string snapshotter, string error);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "content was kept by a proxy until now; blobs that are there only will not be found")]
    public static partial void ContentProxyLeft(ILogger logger, string proxy);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a leftover mount could not be removed")]
    public static partial void LeftoverMount(ILogger logger, string path, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "the disk failed a call")]
    public static partial void DiskFailed(ILogger logger, string method, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the log of a removed container remains")]
    public static partial void LogRemains(ILogger logger, string path, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "tracing")]
    public static partial void Tracing(ILogger logger, string endpoint);

    [LoggerMessage(Level = LogLevel.Warning, Message = "nothing is traced")]
    public static partial void TracingRefused(ILogger logger, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "spans could not be sent")]
    public static partial void SpansLost(ILogger logger, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "left behind: {subject}: {problem}")]
    public static partial void Reconciled(ILogger logger, string subject, string problem, string outcome);
}
