using Gantry.Archive.Processors;
using Gantry.Core.Errors;
using Gantry.Server.Hosting;
using Gantry.Server.Logging;
using Gantry.Snapshotters.Overlay;
using Gantry.Server.Transfers;
using Tomlyn;
using Tomlyn.Model;

namespace Gantry.Server.Config;

/// <summary>Reads config.toml, of versions 2 to 4, with containerd's names.</summary>
public static class ConfigLoader
{
    /// <summary>The table of this daemon's own keys.</summary>
    public const string OwnTable = "io.containerd.internal.v1.gantry";

    private const int MaxFileSize = 4 << 20;
    private const int MaxImports = 100;

    /// <summary>Reads a file and all that it imports.</summary>
    /// <param name="path">The file.</param>
    /// <param name="defaults">What holds for keys that the file does not have.</param>
    /// <exception cref="GantryException">InvalidArgument: it can't be understood; NotFound: there is none.</exception>
    public static DaemonConfig Load(string path, DaemonConfig defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        TomlTable merged = [];
        List<string> waiting = [path];
        HashSet<string> read = new(StringComparer.Ordinal);
        for (int i = 0; i < waiting.Count; i++)
        {
            if (!read.Add(waiting[i]))
            {
                continue;
            }

            TomlTable table = Read(waiting[i]);
            waiting.AddRange(Imports(table, Path.GetDirectoryName(Path.GetFullPath(waiting[i]))!));
            if (waiting.Count > MaxImports)
            {
                throw new GantryException(ErrorKind.InvalidArgument, $"config {path} imports too many files");
            }

            Merge(merged, table);
        }

        return Apply(merged, path, defaults);
    }

    /// <summary>Reads the text of a file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="defaults">What holds for keys that the text does not have.</param>
    /// <exception cref="GantryException">InvalidArgument: it can't be understood.</exception>
    public static DaemonConfig Parse(string text, string name, DaemonConfig defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        return Apply(ParseTable(text, name), name, defaults);
    }

    private static TomlTable Read(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists)
        {
            throw new GantryException(ErrorKind.NotFound, $"config {path}");
        }

        if (file.Length > MaxFileSize)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"config {path} is larger than {MaxFileSize} bytes");
        }

        return ParseTable(File.ReadAllText(path), path);
    }

    private static TomlTable ParseTable(string text, string name)
    {
        try
        {
            return TomlSerializer.Deserialize(text, ConfigToml.Default.TomlTable) ?? [];
        }
        catch (TomlException exception)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"config {name}: {exception.Message.ReplaceLineEndings(" ").Trim()}",
                exception);
        }
    }

    private static IEnumerable<string> Imports(TomlTable table, string directory)
    {
        foreach (string pattern in new ConfigTable(table, "").Texts("imports"))
        {
            string full = Path.GetFullPath(pattern, directory);
            string parent = Path.GetDirectoryName(full) ?? "/";
            string name = Path.GetFileName(full);
            if (!name.AsSpan().ContainsAny("*?"))
            {
                yield return full;
            }
            else if (Directory.Exists(parent))
            {
                foreach (string file in Directory.EnumerateFiles(parent, name).Order(StringComparer.Ordinal))
                {
                    yield return file;
                }
            }
        }
    }

    // Tables merge key by key; arrays join; anything else is replaced by what comes later.
    private static void Merge(TomlTable target, TomlTable source)
    {
        foreach ((string key, object? value) in source)
        {
            if (value is TomlTable table && target.TryGetValue(key, out object? before) && before is TomlTable into)
            {
                Merge(into, table);
            }
            else if (value is TomlArray items && target.TryGetValue(key, out object? old) && old is TomlArray array)
            {
                foreach (object? item in items)
                {
                    if (!array.Contains(item))
                    {
                        array.Add(item);
                    }
                }
            }
            else
            {
                target[key] = value!;
            }
        }
    }

    private static DaemonConfig Apply(TomlTable table, string name, DaemonConfig defaults)
    {
        ConfigTable file = new(table, "");
        int version = file.Number("version", 1, int.MaxValue) ?? 1;
        if (version is < 2 or > DaemonConfig.NewestVersion)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"config {name}: version {version} is not supported, expected 2 to {DaemonConfig.NewestVersion}");
        }

        ConfigTable plugins = file.Table("plugins");
        ConfigTable grpc = file.Table("grpc");
        ConfigTable grpcServer = plugins.Table("io.containerd.server.v1.grpc");
        ConfigTable debug = file.Table("debug");
        Dictionary<string, ConfigTable> snapshotters = DaemonConfig.Snapshotters.ToDictionary(
            name => name,
            name => plugins.Table($"{DaemonConfig.SnapshotterType}.{name}"),
            StringComparer.Ordinal);
        ConfigTable diffService = plugins.Table("io.containerd.service.v1.diff-service");
        ConfigTable own = plugins.Table(OwnTable);
        file.Ignore("imports");
        DaemonConfig config = defaults with
        {
            Version = version,
            Root = file.NonEmpty("root") ?? defaults.Root,
            State = file.NonEmpty("state") ?? defaults.State,
            Grpc = Socket(grpcServer, Socket(grpc, defaults.Grpc)),
            Ttrpc = Socket(plugins.Table("io.containerd.server.v1.ttrpc"), Socket(file.Table("ttrpc"), defaults.Ttrpc)),
            Limits = Limits(grpcServer, Limits(grpc, defaults.Limits)),
            LogLevel = debug.NonEmpty("level") is { } level ? LogLevels.Parse(level) : defaults.LogLevel,
            LogFormat = debug.NonEmpty("format") is { } format ? Format(format) : defaults.LogFormat,
            LogTarget = own.NonEmpty("log_to") is { } target ? LogTargets.Parse(target) : defaults.LogTarget,
            DisabledPlugins = file.Texts("disabled_plugins"),
            RequiredPlugins = file.Texts("required_plugins"),
            Timeouts = Timeouts(file.Table("timeouts")),
            ShareContent = ShareContent(plugins.Table("io.containerd.metadata.v1.bolt"), defaults.ShareContent),
            Gc = Gc(plugins.Table("io.containerd.gc.v1.scheduler"), defaults.Gc),
            SnapshotterRoots = SnapshotterRoots(snapshotters),
            Overlay = Overlay(snapshotters["overlayfs"], defaults.Overlay),
            ProxyPlugins = ProxyPluginTables.Read(file.Table("proxy_plugins")),
            ProxyTimeout = Limit(own, "proxy_timeout", defaults.ProxyTimeout),
            ProxyDiffTimeout = Limit(own, "proxy_diff_timeout", defaults.ProxyDiffTimeout),
            Differs = diffService.Texts("default") is { Count: > 0 } differs ? differs : defaults.Differs,
            SyncLayers = diffService.Flag("sync_fs") ?? defaults.SyncLayers,
            ShimBinaries = Shims(own.Table("shims")),
            ShimEnvironment = ShimEnvironment(plugins),
            StreamProcessors = Processors(file.Table("stream_processors")),
            DefaultExecutor = own.NonEmpty("default_executor") ?? defaults.DefaultExecutor,
            RestartInterval = RestartInterval(file, plugins, defaults.RestartInterval),
            Transfers = Transfers(plugins, defaults.Transfers),
            ReconcileInterval = own.Duration("reconcile_interval") ?? defaults.ReconcileInterval,
        };
        return config with { UnknownKeys = [.. file.Unknown()] };
    }

    private static TimeSpan Limit(ConfigTable table, string key, TimeSpan usual) =>
        table.Duration(key) is { } limit && limit > TimeSpan.Zero ? limit : usual;

    /// <summary>What containerd 2 has as a list, and of which earlier ones knew one variable.</summary>
    private static IReadOnlyList<string> ShimEnvironment(ConfigTable plugins)
    {
        IReadOnlyList<string> environment = plugins.Table("io.containerd.shim.v1.manager").Texts("env");
        if (environment.FirstOrDefault(entry => entry.IndexOf('=', StringComparison.Ordinal) <= 0) is { } malformed)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"config key plugins.\"io.containerd.shim.v1.manager\".env: \"{malformed}\" is not NAME=value");
        }

        return plugins.Table("io.containerd.runtime.v2.task").Flag("sched_core") is true
            ? [.. environment, "SCHED_CORE=1"]
            : environment;
    }

    private static SocketConfig Socket(ConfigTable table, SocketConfig defaults) => new()
    {
        Address = table.NonEmpty("address") ?? defaults.Address,
        UserId = table.Number("uid", 0, int.MaxValue) ?? defaults.UserId,
        GroupId = table.Number("gid", 0, int.MaxValue) ?? defaults.GroupId,
    };

    private static ApiHostOptions Limits(ConfigTable table, ApiHostOptions defaults) => new()
    {
        MaxReceiveMessageSize = Positive(table, "max_recv_message_size") ?? defaults.MaxReceiveMessageSize,
        MaxSendMessageSize = Positive(table, "max_send_message_size") ?? defaults.MaxSendMessageSize,
    };

    // A limit of 0 is the default, as with containerd.
    private static int? Positive(ConfigTable table, string key) =>
        table.Number(key, 0, int.MaxValue) is { } number and > 0 ? number : null;

    private static LogFormat Format(string text) => text switch
    {
        "text" => LogFormat.Text,
        "json" => LogFormat.Json,
        _ => throw new GantryException(ErrorKind.InvalidArgument, $"config key debug.format: no format \"{text}\""),
    };

    private static Dictionary<string, TimeSpan> Timeouts(ConfigTable table)
    {
        Dictionary<string, TimeSpan> timeouts = new(StringComparer.Ordinal);
        foreach (string key in table.Keys)
        {
            timeouts[key] = table.Duration(key)!.Value;
        }

        return timeouts;
    }

    private static bool ShareContent(ConfigTable table, bool defaults) => table.NonEmpty("content_sharing_policy") switch
    {
        null => defaults,
        "shared" => true,
        "isolated" => false,
        string other => throw new GantryException(
            ErrorKind.InvalidArgument,
            $"config key content_sharing_policy: no policy \"{other}\""),
    };

    private static GcConfig Gc(ConfigTable table, GcConfig defaults) => new()
    {
        PauseThreshold = table.Fraction("pause_threshold") ?? defaults.PauseThreshold,
        DeletionThreshold = table.Number("deletion_threshold", 0, int.MaxValue) ?? defaults.DeletionThreshold,
        MutationThreshold = table.Number("mutation_threshold", 0, int.MaxValue) ?? defaults.MutationThreshold,
        ScheduleDelay = table.Duration("schedule_delay") ?? defaults.ScheduleDelay,
        StartupDelay = table.Duration("startup_delay") ?? defaults.StartupDelay,
    };

    // The monitor's name in containerd 2, and before.
    private static TimeSpan? RestartInterval(ConfigTable file, ConfigTable plugins, TimeSpan? defaults)
    {
        const string name = "io.containerd.monitor.container.v1.restart";
        const string before = "io.containerd.internal.v1.restart";
        TimeSpan? wanted = plugins.Table(name).Duration("interval") ?? plugins.Table(before).Duration("interval");
        return file.Texts("disabled_plugins").Any(plugin => plugin is name or before) ? null
            : wanted is { } interval && interval > TimeSpan.Zero ? interval
            : defaults;
    }

    private static TransferOptions Transfers(ConfigTable plugins, TransferOptions defaults)
    {
        ConfigTable transfer = plugins.Table("io.containerd.transfer.v1.local");
        ConfigTable verifiers = plugins.Table("io.containerd.image-verifier.v1.bindir");
        return new TransferOptions
        {
            MaxConcurrentDownloads =
                transfer.Number("max_concurrent_downloads", 1, 64) ?? defaults.MaxConcurrentDownloads,
            MaxConcurrentUploads =
                transfer.Number("max_concurrent_uploaded_layers", 1, 64) ?? defaults.MaxConcurrentUploads,
            HostsDirectories = transfer.NonEmpty("config_path") is { } path
                ? path.Split(':', StringSplitOptions.RemoveEmptyEntries)
                : defaults.HostsDirectories,
            Verifiers = new ImageVerifierOptions
            {
                Directory = verifiers.Text("bin_dir") ?? defaults.Verifiers.Directory,
                MaxVerifiers = verifiers.Number("max_verifiers", -1, int.MaxValue) ?? defaults.Verifiers.MaxVerifiers,
                Timeout = Limit(verifiers, "per_verifier_timeout", defaults.Verifiers.Timeout),
            },
        };
    }

    private static Dictionary<string, string> SnapshotterRoots(Dictionary<string, ConfigTable> tables)
    {
        Dictionary<string, string> roots = new(StringComparer.Ordinal);
        foreach ((string snapshotter, ConfigTable table) in tables)
        {
            if (table.NonEmpty("root_path") is { } root)
            {
                roots[snapshotter] = root;
            }
        }

        return roots;
    }

    private static OverlayOptions Overlay(ConfigTable table, OverlayOptions defaults) => new()
    {
        MountOptions = table.Texts("mount_options") is { Count: > 0 } options ? options : defaults.MountOptions,
        ShowUpperDirectory = table.Flag("upperdir_label") ?? defaults.ShowUpperDirectory,
        RemoveSynchronously = table.Flag("sync_remove") ?? defaults.RemoveSynchronously,
        AllowSlowChown = table.Flag("slow_chown") ?? defaults.AllowSlowChown,
    };

    private static Dictionary<string, string> Shims(ConfigTable table)
    {
        Dictionary<string, string> shims = new(StringComparer.Ordinal);
        foreach (string runtime in table.Keys)
        {
            if (table.NonEmpty(runtime) is { } binary)
            {
                shims[runtime] = binary;
            }
        }

        return shims;
    }

    private static List<StreamProcessor> Processors(ConfigTable table)
    {
        List<StreamProcessor> processors = [];
        foreach (string id in table.Keys)
        {
            ConfigTable processor = table.Table(id);
            processors.Add(new StreamProcessor(
                id,
                processor.Texts("accepts"),
                Needed(processor, id, "returns"),
                Needed(processor, id, "path"))
            {
                Arguments = processor.Texts("args"),
                Environment = processor.Texts("env"),
            });
        }

        return processors;
    }

    private static string Needed(ConfigTable processor, string id, string key) =>
        processor.NonEmpty(key) ?? throw new GantryException(
            ErrorKind.InvalidArgument, $"config key stream_processors.\"{id}\".{key} is missing");
}
