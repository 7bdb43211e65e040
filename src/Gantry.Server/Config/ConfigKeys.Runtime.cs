using Gantry.Server.Logging;

namespace Gantry.Server.Config;

/// <content>Tasks and shims, and what is this daemon's own.</content>
internal static partial class ConfigKeys
{
    private const string Shims = "io.containerd.shim.v1.manager";
    private const string Tasks = "io.containerd.runtime.v2.task";
    private const string Restart = "io.containerd.monitor.container.v1.restart";
    private const string TasksService = "io.containerd.service.v1.tasks-service";
    private const string CoreScheduling = "SCHED_CORE=1";

    private static ConfigKey[] RuntimeKeys() =>
    [
        new ConfigKey(Shims, "env", "array of strings", "More environment for shims, as NAME=value.",
            c => ConfigNode.Of(c.ShimEnvironment),
            (c, node) => c with { ShimEnvironment = [.. node.Items.Select(EnvironmentEntry)] }),
        ConfigKey.Ignored(Shims, "socket_dir", "", "shims listen in a directory that depends on their bundles.", warn: true),
        ConfigKey.Flag(Tasks, "sched_core", c => c.ShimEnvironment.Contains(CoreScheduling, StringComparer.Ordinal),
            (c, v) => v && !c.ShimEnvironment.Contains(CoreScheduling, StringComparer.Ordinal)
                ? c with { ShimEnvironment = [.. c.ShimEnvironment, CoreScheduling] }
                : c,
            "Whether shims keep the threads of a processor core for one container at a time."),
        ConfigKey.Ignored(Tasks, "platforms", Array.Empty<string>(), "tasks are of this machine's platform."),
        ConfigKey.Ignored(TasksService, "rdt_config_file", "", "cache and memory bandwidth are not shared out.", warn: true),
        ConfigKey.Ignored(TasksService, "blockio_config_file", "", "classes of block I/O are not known.", warn: true),
        ConfigKey.Flag("io.containerd.monitor.task.v1.cgroups", "no_prometheus", c => !c.Metrics.Containers,
            (c, v) => c with { Metrics = c.Metrics with { Containers = !v } },
            "Whether the metrics do not tell what containers use."),
        ConfigKey.Ignored("io.containerd.internal.v1.opt", "path", "/opt/containerd", "nothing is installed there."),
        ConfigKey.Limit(Restart, "interval", c => c.RestartInterval,
            (c, v) => c with { RestartInterval = v }, "The time between two looks at the containers that are to be kept running."),
        ConfigKey.Text(ConfigLoader.OwnTable, "default_executor", c => c.DefaultExecutor, (c, v) => c with { DefaultExecutor = v },
            "The OCI runtime that the shim drives when a client names none; empty: the shim's choice."),
        ConfigKey.Choice(ConfigLoader.OwnTable, "log_to",
            [("stderr", LogTarget.StandardError), ("journald", LogTarget.Journal)],
            c => c.LogTarget, (c, v) => c with { LogTarget = v },
            "Where log records go."),
        ConfigKey.Duration(ConfigLoader.OwnTable, "reconcile_interval", c => c.ReconcileInterval,
            (c, v) => c with { ReconcileInterval = v },
            "The time between two looks for what tasks have left on the machine; 0s: none."),
        ConfigKey.Limit(ConfigLoader.OwnTable, "proxy_timeout", c => c.ProxyTimeout, (c, v) => c with { ProxyTimeout = v },
            "How long a call to a proxy plug-in may take."),
        ConfigKey.Limit(ConfigLoader.OwnTable, "proxy_diff_timeout", c => c.ProxyDiffTimeout,
            (c, v) => c with { ProxyDiffTimeout = v }, "How long a proxy may take to apply or to make a layer."),
        new ConfigKey(ConfigLoader.OwnTable, "shims", "table of strings",
            "Shim programs that are forced, by runtime name: \"io.containerd.runc.v2\" = \"/usr/bin/containerd-shim-runc-v2\".",
            c => ConfigNode.Of(c.ShimBinaries),
            (c, node) => c with { ShimBinaries = Strings(node) }),
    ];

    private static string EnvironmentEntry(ConfigNode node) =>
        node.Text().IndexOf('=', StringComparison.Ordinal) > 0
            ? node.Text()
            : throw node.Wrong($"NAME=value, and not \"{node.Text()}\"");

    private static Dictionary<string, string> Strings(ConfigNode table) =>
        table.Entries.Where(entry => entry.Value.Text().Length > 0)
            .ToDictionary(entry => entry.Key, entry => entry.Value.Text(), StringComparer.Ordinal);
}
