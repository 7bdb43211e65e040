using Microsoft.Extensions.Logging;

namespace Gantry.Snapshotters.Shared;

/// <summary>What snapshotters say.</summary>
internal static partial class SnapshotterLog
{
    [LoggerMessage(LogLevel.Warning, "failed to remove {Path}, which belonged to a removed snapshot")]
    public static partial void NotRemoved(ILogger logger, string path, Exception error);

    [LoggerMessage(LogLevel.Error, "failed to remove what removed snapshots have left behind in {Path}")]
    public static partial void RemovalFailed(ILogger logger, string path, Exception error);
}
