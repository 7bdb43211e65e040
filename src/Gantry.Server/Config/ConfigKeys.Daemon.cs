using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Config;

/// <content>The daemon as a whole.</content>
internal static partial class ConfigKeys
{
    /// <summary>The table of the log.</summary>
    public const string Debug = "debug";

    private static (string Word, LogLevel Value)[] Levels =>
    [
        ("trace", LogLevel.Trace), ("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning),
        ("error", LogLevel.Error), ("fatal", LogLevel.Critical), ("warning", LogLevel.Warning), ("panic", LogLevel.Critical),
    ];

    private static ConfigKey[] DaemonKeys() =>
    [
        ConfigKey.Text(Top, "root", c => c.Root, (c, v) => c with { Root = v },
            "The directory of everything that must outlive a reboot."),
        ConfigKey.Text(Top, "state", c => c.State, (c, v) => c with { State = v },
            "The directory of everything that need not outlive a reboot."),
        ConfigKey.Text(Top, "temp", c => c.Temp, (c, v) => c with { Temp = v },
            "The directory for temporary files, of the daemon and of the programs that it starts (TMPDIR); empty: the system's."),
        ConfigKey.Texts(Top, "imports", c => c.Imports, (c, v) => c with { Imports = v },
            "More files to read, after this one, each of a version of its own: paths and patterns, relative to this file's directory."),
        ConfigKey.Texts(Top, "disabled_plugins", c => c.DisabledPlugins, (c, v) => c with { DisabledPlugins = v },
            "Plug-ins that are not to start, as TYPE.ID."),
        ConfigKey.Texts(Top, "required_plugins", c => c.RequiredPlugins, (c, v) => c with { RequiredPlugins = v },
            "Plug-ins without which the daemon is not to start, as TYPE.ID."),
        ConfigKey.Number(Top, "oom_score", -1000, c => c.OomScore, (c, v) => c with { OomScore = v },
            "How likely the kernel ends the daemon when memory is short, from -1000 (never) to 1000; 0 leaves it as it is.", 1000),
        ConfigKey.Ignored(Top, "plugin_dir", "", "plug-ins that are Go libraries can't be loaded.", warn: true),
        ConfigKey.Text("cgroup", "path", c => c.CgroupPath, (c, v) => c with { CgroupPath = v },
            "The cgroup that the daemon puts itself into, from the top of the hierarchy; empty: none."),
        ConfigKey.Choice(Debug, "level", Levels, c => c.LogLevel, (c, v) => c with { LogLevel = v },
            "The least level that is logged.") with { Reloads = true },
        ConfigKey.Choice(Debug, "format", [("text", LogFormat.Text), ("json", LogFormat.Json)],
            c => c.LogFormat, (c, v) => c with { LogFormat = v },
            "How log lines look."),
        ConfigKey.Ignored(Debug, "log_trace_id", false, "log lines carry no trace ids."),
    ];
}
