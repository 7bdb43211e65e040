using Gantry.Runtime.Tasks;

namespace Gantry.Server.Config;

/// <content>Sockets and time limits.</content>
internal static partial class ConfigKeys
{
    /// <summary>The table of the API's socket.</summary>
    public const string Grpc = "io.containerd.server.v1.grpc";

    /// <summary>The table of the API over TCP.</summary>
    public const string GrpcTcp = "io.containerd.server.v1.grpc-tcp";

    /// <summary>The table of the socket for shims.</summary>
    public const string Ttrpc = "io.containerd.server.v1.ttrpc";

    /// <summary>The table of the debug socket.</summary>
    public const string DebugServer = "io.containerd.server.v1.debug";

    /// <summary>The table of the metrics.</summary>
    public const string Metrics = "io.containerd.server.v1.metrics";

    private const string Timeouts = "timeouts";
    private const string NoTcp = "the API is served on a Unix socket only.";

    private static ConfigKey[] SocketKeys() =>
    [
        .. Socket(Grpc, "of the API", c => c.Grpc, (c, v) => c with { Grpc = v }),
        MessageSize("max_recv_message_size", c => c.Limits.MaxReceiveMessageSize,
            (c, v) => c with { Limits = c.Limits with { MaxReceiveMessageSize = v } }, "The greatest message that is accepted"),
        MessageSize("max_send_message_size", c => c.Limits.MaxSendMessageSize,
            (c, v) => c with { Limits = c.Limits with { MaxSendMessageSize = v } }, "The greatest message that is sent"),
        ConfigKey.Ignored(GrpcTcp, "address", "", NoTcp, warn: true),
        ConfigKey.Ignored(GrpcTcp, "tls_ca", "", NoTcp),
        ConfigKey.Ignored(GrpcTcp, "tls_cert", "", NoTcp),
        ConfigKey.Ignored(GrpcTcp, "tls_key", "", NoTcp),
        ConfigKey.Ignored(GrpcTcp, "tls_common_name", "", NoTcp),
        ConfigKey.Ignored(GrpcTcp, "max_recv_message_size", 0L, NoTcp),
        ConfigKey.Ignored(GrpcTcp, "max_send_message_size", 0L, NoTcp),
        .. Socket(Ttrpc, "that shims tell their events to; empty: that of the API with .ttrpc",
            c => c.Ttrpc, (c, v) => c with { Ttrpc = v }),
        .. Socket(DebugServer, "that tells figures and dumps over HTTP; empty: none", c => c.Debug, (c, v) => c with { Debug = v }),
        ConfigKey.Text(Metrics, "address", c => c.Metrics.Address, (c, v) => c with { Metrics = c.Metrics with { Address = v } },
            "The TCP address of the metrics, as HOST:PORT; empty: none are served."),
        ConfigKey.Flag(Metrics, "grpc_histogram", c => c.Metrics.GrpcHistogram,
            (c, v) => c with { Metrics = c.Metrics with { GrpcHistogram = v } },
            "Whether the metrics tell how long calls of each method took, under containerd's names."),
    ];

    private static ConfigKey[] TimeoutKeys() =>
    [
        Timeout("shim.load", d => d.ShimLoad, (d, v) => d with { ShimLoad = v },
            "How long a shim may take to answer when the daemon finds it again at its start."),
        Timeout("shim.cleanup", d => d.ShimCleanup, (d, v) => d with { ShimCleanup = v },
            "How long a shim's program may take to remove what a dead shim has left."),
        Timeout("shim.shutdown", d => d.ShimShutdown, (d, v) => d with { ShimShutdown = v },
            "How long a shim may take to end."),
        Timeout("task.state", d => d.TaskState, (d, v) => d with { TaskState = v },
            "How long a shim may take to tell the state of a task."),
        Timeout("metrics.shimstats", d => d.ShimStats, (d, v) => d with { ShimStats = v },
            "How long a shim may take to tell its figures."),
        ConfigKey.Ignored(Timeouts, "io.containerd.timeout.bolt.open", "0s", "another daemon on the same root is told of at once."),
        ConfigKey.Ignored(Timeouts, "io.containerd.timeout.cri.defercleanup", "1m0s", "CRI is not part of this daemon."),
    ];

    private static ConfigKey[] Socket(
        string table, string what, Func<DaemonConfig, SocketConfig> get, Func<DaemonConfig, SocketConfig, DaemonConfig> set) =>
    [
        ConfigKey.Text(table, "address", c => get(c).Address, (c, v) => set(c, get(c) with { Address = v }),
            $"The path of the Unix socket {what}."),
        ConfigKey.Number(table, "uid", 0, c => get(c).UserId, (c, v) => set(c, get(c) with { UserId = v }),
            "The user who owns the socket."),
        ConfigKey.Number(table, "gid", 0, c => get(c).GroupId, (c, v) => set(c, get(c) with { GroupId = v }),
            "The group that owns the socket; its members may use it."),
    ];

    private static ConfigKey MessageSize(
        string name, Func<DaemonConfig, int> get, Func<DaemonConfig, int, DaemonConfig> set, string what) =>
        ConfigKey.Number(Grpc, name, 0, get, (c, v) => v > 0 ? set(c, v) : c, $"{what}; 0: the default.") with { Unit = "bytes" };

    private static ConfigKey Timeout(
        string name, Func<TaskDeadlines, TimeSpan> get, Func<TaskDeadlines, TimeSpan, TaskDeadlines> set, string effect) =>
        ConfigKey.Duration(
            Timeouts,
            $"io.containerd.timeout.{name}",
            c => get(c.Deadlines),
            (c, v) => c with { Deadlines = set(c.Deadlines, v) },
            effect);
}
