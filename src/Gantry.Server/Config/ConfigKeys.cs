namespace Gantry.Server.Config;

/// <summary>
/// Every key of config.toml, in the order in which they are written. What reads, writes, checks and describes the file goes by
/// this table alone: a new key is a new line here.
/// </summary>
internal static partial class ConfigKeys
{
    /// <summary>The table of keys that are in none.</summary>
    public const string Top = "";

    /// <summary>The keys, in their newest places.</summary>
    public static IReadOnlyList<ConfigKey> All { get; } =
        [.. DaemonKeys(), .. SocketKeys(), .. TimeoutKeys(), .. StorageKeys(), .. ImageKeys(), .. RuntimeKeys(), .. LogKeys(), .. TableKeys()];

    /// <summary>The keys whose values are not the same in two configurations.</summary>
    public static IEnumerable<ConfigKey> Changed(DaemonConfig before, DaemonConfig after) =>
        All.Where(key => !key.Inert && TomlText.Value(key.Get(before)) != TomlText.Value(key.Get(after)));

    /// <summary>Plug-ins of containerd's that are not part of this daemon, whose tables do nothing.</summary>
    public static IReadOnlyList<string> AbsentPlugins { get; } =
    [
        "io.containerd.cri.v1.images",
        "io.containerd.cri.v1.runtime",
        "io.containerd.differ.v1.erofs",
        "io.containerd.grpc.v1.cri",
        "io.containerd.internal.v1.tracing",
        "io.containerd.nri.v1.nri",
        "io.containerd.runtime.v1.linux",
        "io.containerd.snapshotter.v1.aufs",
        "io.containerd.snapshotter.v1.blockfile",
        "io.containerd.snapshotter.v1.devmapper",
        "io.containerd.snapshotter.v1.erofs",
        "io.containerd.snapshotter.v1.zfs",
        "io.containerd.tracing.processor.v1.otlp",
    ];
}
