using Gantry.Server.Config;
using Gantry.Server.Logging;

namespace Gantry.Server;

/// <content>What can change while the daemon runs, and what it tells of itself.</content>
public sealed partial class Daemon
{
    /// <summary>
    /// Takes over what a configuration has changed, as far as it can change without a restart, and says in the log what changed
    /// and what needs a restart.
    /// </summary>
    /// <param name="next">The configuration.</param>
    /// <param name="filters">Which records are logged.</param>
    public void Reload(DaemonConfig next, LogFilters filters)
    {
        ArgumentNullException.ThrowIfNull(next);
        ArgumentNullException.ThrowIfNull(filters);
        LogFindings(next);
        ILookup<bool, ConfigKey> changed = ConfigKeys.Changed(_inForce, next).ToLookup(key => key.Reloads);
        ServerLog.Reloaded(_logger, changed[true].Any() ? string.Join(", ", changed[true].Select(key => key.Path)) : "nothing");

        // What needs a restart is told again each time: the daemon works as it was started.
        foreach (ConfigKey key in changed[false])
        {
            ServerLog.NeedsRestart(_logger, key.Path);
        }

        _inForce = changed[true].Aggregate(_inForce, (config, key) => key.Read(config, key.Get(next)));
        filters.Set(_inForce.LogLevel);
    }

    /// <summary>Writes to the log what the daemon is at: threads, calls, tasks, memory.</summary>
    public void LogReport()
    {
        foreach (string line in _report?.Lines() ?? [])
        {
            ServerLog.Report(_logger, line);
        }
    }
}
