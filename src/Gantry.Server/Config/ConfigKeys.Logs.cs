using Gantry.Storage.Events;

namespace Gantry.Server.Config;

/// <content>What is kept of events and calls.</content>
internal static partial class ConfigKeys
{
    private const int LeastCount = 1000;
    private const int LeastBytes = 1 << 20;

    private static ConfigKey[] LogKeys() =>
    [
        .. KeptKeys("event_log", "events", c => c.EventLog, (c, v) => c with { EventLog = v }),
        .. KeptKeys("audit_log", "calls that change something", c => c.AuditLog, (c, v) => c with { AuditLog = v }),
    ];

    private static ConfigKey[] KeptKeys(
        string name,
        string what,
        Func<DaemonConfig, EventLogOptions> get,
        Func<DaemonConfig, EventLogOptions, DaemonConfig> set) =>
    [
        ConfigKey.Flag(ConfigLoader.OwnTable, name, c => get(c).Keep, (c, v) => set(c, get(c) with { Keep = v }),
            $"Whether {what} are kept."),
        ConfigKey.Number(ConfigLoader.OwnTable, $"{name}_max_count", LeastCount, c => get(c).MaxCount,
            (c, v) => set(c, get(c) with { MaxCount = v }), $"The greatest number of {what} that are kept."),
        ConfigKey.Number(ConfigLoader.OwnTable, $"{name}_max_bytes", LeastBytes, c => get(c).MaxBytes,
            (c, v) => set(c, get(c) with { MaxBytes = v }), "The greatest size of their files.") with { Unit = "bytes" },
        ConfigKey.Duration(ConfigLoader.OwnTable, $"{name}_max_age", c => get(c).MaxAge,
            (c, v) => set(c, get(c) with { MaxAge = v }), "The age at which they go; 0s: none.", isAge: true),
    ];
}
