using System.Collections.Immutable;
using Gantry.Archive.Processors;
using Gantry.Runtime.Tasks;
using Gantry.Server.Hosting;
using Gantry.Server.Logging;
using Gantry.Server.Transfers;
using Gantry.Snapshotters.Overlay;
using Gantry.Storage.Events;
using Gantry.Storage.Gc;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Config;

/// <summary>How the daemon is set up: defaults, then config.toml, then the command line.</summary>
public sealed record DaemonConfig
{
    /// <summary>The newest version of config.toml that is understood.</summary>
    public const int NewestVersion = 4;

    /// <summary>The type of snapshotters, as plug-ins.</summary>
    internal const string SnapshotterType = "io.containerd.snapshotter.v1";

    /// <summary>The snapshotters that are part of the daemon.</summary>
    internal static readonly IReadOnlyList<string> Snapshotters = ["native", "overlayfs", "btrfs"];

    /// <summary>Where files for temporary use are made; empty: the system's place.</summary>
    public string Temp { get; init; } = "";

    /// <summary>More config files, as paths and patterns.</summary>
    public IReadOnlyList<string> Imports { get; init; } = [];

    /// <summary>What makes the kernel choose the daemon when memory is short; 0 leaves it as it is.</summary>
    public int OomScore { get; init; }

    /// <summary>The cgroup that the daemon puts itself into; empty: none.</summary>
    public string CgroupPath { get; init; } = "";

    /// <summary>Where everything durable is.</summary>
    public required string Root { get; init; }

    /// <summary>Where everything is that need not outlive a reboot.</summary>
    public required string State { get; init; }

    /// <summary>The gRPC socket.</summary>
    public required SocketConfig Grpc { get; init; }

    /// <summary>The ttrpc socket; an empty address: that of gRPC with <c>.ttrpc</c>.</summary>
    public SocketConfig Ttrpc { get; init; } = new();

    /// <summary>The socket of figures and dumps; an empty address: there is none.</summary>
    public SocketConfig Debug { get; init; } = new();

    /// <summary>Limits of the gRPC endpoint.</summary>
    public ApiHostOptions Limits { get; init; } = new();

    /// <summary>Where metrics are served.</summary>
    public MetricsConfig Metrics { get; init; } = new();

    /// <summary>The least level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>How log lines look.</summary>
    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>Where log records go.</summary>
    public LogTarget LogTarget { get; init; } = LogTarget.StandardError;

    /// <summary>Plugins that are not to start, as <c>type.id</c>.</summary>
    public IReadOnlyList<string> DisabledPlugins { get; init; } = [];

    /// <summary>Plugins without which the daemon is not to start, as <c>type.id</c>.</summary>
    public IReadOnlyList<string> RequiredPlugins { get; init; } = [];

    /// <summary>How long calls to shims may take.</summary>
    public TaskDeadlines Deadlines { get; init; } = new();

    /// <summary>Shim binaries that are forced, by runtime name such as <c>io.containerd.runc.v2</c>.</summary>
    public IReadOnlyDictionary<string, string> ShimBinaries { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>More environment for shims, as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> ShimEnvironment { get; init; } = [];

    /// <summary>The OCI runtime that the daemon's own shim drives when a client names none; empty: the shim's default.</summary>
    public string DefaultExecutor { get; init; } = "";

    /// <summary>Whether a blob that another namespace has may appear in this one without being sent.</summary>
    public bool ShareContent { get; init; } = true;

    /// <summary>The time between two looks at the containers that are to be kept running.</summary>
    public TimeSpan RestartInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between two looks for what tasks have left on the machine; zero when there are none.</summary>
    public TimeSpan ReconcileInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many events are kept.</summary>
    public EventLogOptions EventLog { get; init; } = new();

    /// <summary>How many calls that change something are kept.</summary>
    public EventLogOptions AuditLog { get; init; } = new()
    {
        MaxCount = 100_000,
        MaxBytes = 32 << 20,
        MaxAge = TimeSpan.FromDays(30),
    };

    /// <summary>When garbage is collected.</summary>
    public CollectorOptions Gc { get; init; } = new();

    /// <summary>Root directories of snapshotters that are not at their usual place, by name.</summary>
    public IReadOnlyDictionary<string, string> SnapshotterRoots { get; init; } =
        ImmutableDictionary<string, string>.Empty;

    /// <summary>The keys of the overlayfs snapshotter.</summary>
    public OverlayOptions Overlay { get; init; } = new();

    /// <summary>Parts that other programs provide on a socket of theirs.</summary>
    public IReadOnlyList<ProxyPluginConfig> ProxyPlugins { get; init; } = [];

    /// <summary>How long a call to a proxy plug-in may take.</summary>
    public TimeSpan ProxyTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a proxy may take to apply or to make a layer.</summary>
    public TimeSpan ProxyDiffTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The differs that the diff service asks, in this order.</summary>
    public IReadOnlyList<string> Differs { get; init; } = [DifferSet.BuiltIn];

    /// <summary>Whether the files of each layer are on the disk before it counts as applied, whatever the client wants.</summary>
    public bool SyncLayers { get; init; }

    /// <summary>Programs that make layers of media types that are not built in.</summary>
    public IReadOnlyList<StreamProcessor> StreamProcessors { get; init; } = [];

    /// <summary>How images are transferred on a client's behalf.</summary>
    public TransferOptions Transfers { get; init; } = new();

    /// <summary>Keys that were not understood, each with its file and line.</summary>
    public IReadOnlyList<string> UnknownKeys { get; init; } = [];

    /// <summary>Keys of containerd's that are set to something and do nothing here, each with its file and line.</summary>
    public IReadOnlyList<string> InertKeys { get; init; } = [];

    /// <summary>What whoever wrote the config may expect and will not get.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What will be gone one day, and clients are told of.</summary>
    public IReadOnlyList<Deprecation> Deprecations { get; init; } = [];

    /// <summary>Whether a plug-in is not to start.</summary>
    /// <param name="type">Its type, such as <c>io.containerd.snapshotter.v1</c>.</param>
    /// <param name="id">Its id.</param>
    public bool IsDisabled(string type, string id) => DisabledPlugins.Contains($"{type}.{id}", StringComparer.Ordinal);

    /// <summary>The root directory of a snapshotter.</summary>
    /// <param name="name">Its name.</param>
    public string SnapshotterRoot(string name) =>
        SnapshotterRoots.GetValueOrDefault(name, Path.Combine(Root, $"{SnapshotterType}.{name}"));

    /// <summary>The address of the ttrpc socket.</summary>
    public string TtrpcAddress => TtrpcSocket.Address;

    /// <summary>The ttrpc socket as it is made: one without an address of its own has that of gRPC, and its owner, too.</summary>
    public SocketConfig TtrpcSocket =>
        Ttrpc.Address.Length > 0 ? Ttrpc : Grpc with { Address = Grpc.Address + ".ttrpc" };
}
