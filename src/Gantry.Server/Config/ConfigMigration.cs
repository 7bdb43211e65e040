namespace Gantry.Server.Config;

/// <summary>
/// Brings what an older version of config.toml says to where the newest has it. The names of older versions are understood in
/// every version, short names of plug-ins in version 1 alone.
/// </summary>
internal static class ConfigMigration
{
    private const string Plugins = "plugins";
    private const string Cri = "io.containerd.grpc.v1.cri";
    private const string CriImages = "io.containerd.cri.v1.images";
    private const string CriRuntime = "io.containerd.cri.v1.runtime";

    /// <summary>Version 1 calls plug-ins by their ids alone.</summary>
    private static readonly Dictionary<string, string> ShortNames = new(StringComparer.Ordinal)
    {
        ["aufs"] = "io.containerd.snapshotter.v1.aufs",
        ["bolt"] = "io.containerd.metadata.v1.bolt",
        ["btrfs"] = "io.containerd.snapshotter.v1.btrfs",
        ["cgroups"] = "io.containerd.monitor.v1.cgroups",
        ["cri"] = Cri,
        ["devmapper"] = "io.containerd.snapshotter.v1.devmapper",
        ["diff-service"] = "io.containerd.service.v1.diff-service",
        ["linux"] = "io.containerd.runtime.v1.linux",
        ["native"] = "io.containerd.snapshotter.v1.native",
        ["opt"] = "io.containerd.internal.v1.opt",
        ["overlayfs"] = "io.containerd.snapshotter.v1.overlayfs",
        ["restart"] = "io.containerd.internal.v1.restart",
        ["scheduler"] = "io.containerd.gc.v1.scheduler",
        ["task"] = "io.containerd.runtime.v2.task",
        ["tasks-service"] = "io.containerd.service.v1.tasks-service",
        ["zfs"] = "io.containerd.snapshotter.v1.zfs",
    };

    /// <summary>Plug-ins that have another name since version 3.</summary>
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.Ordinal)
    {
        ["io.containerd.internal.v1.restart"] = "io.containerd.monitor.container.v1.restart",
        ["io.containerd.monitor.v1.cgroups"] = "io.containerd.monitor.task.v1.cgroups",
    };

    /// <summary>What version 3 moved out of the CRI plug-in to its images; what is left went to its runtime.</summary>
    private static readonly (string[] From, string[] To)[] CriMoves =
    [
        (["containerd", "snapshotter"], ["snapshotter"]),
        (["containerd", "disable_snapshot_annotations"], ["disable_snapshot_annotations"]),
        (["containerd", "discard_unpacked_layers"], ["discard_unpacked_layers"]),
        (["image_decryption"], ["image_decryption"]),
        (["image_pull_progress_timeout"], ["image_pull_progress_timeout"]),
        (["image_pull_with_sync_fs"], ["image_pull_with_sync_fs"]),
        (["max_concurrent_downloads"], ["max_concurrent_downloads"]),
        (["registry"], ["registry"]),
        (["sandbox_image"], ["pinned_images", "sandbox"]),
        (["stats_collect_period"], ["stats_collect_period"]),
    ];

    /// <summary>What stayed where it was.</summary>
    private static readonly string[] CriServer =
    [
        "disable_tcp_service", "enable_tls_streaming", "stream_idle_timeout", "stream_server_address", "stream_server_port",
        "x509_key_pair_streaming",
    ];

    /// <summary>Version 4 made plug-ins of the sockets.</summary>
    private static readonly (string[] From, string[] To)[] SocketMoves =
    [
        (["grpc", "tcp_address"], [Plugins, ConfigKeys.GrpcTcp, "address"]),
        (["grpc", "tcp_tls_ca"], [Plugins, ConfigKeys.GrpcTcp, "tls_ca"]),
        (["grpc", "tcp_tls_cert"], [Plugins, ConfigKeys.GrpcTcp, "tls_cert"]),
        (["grpc", "tcp_tls_key"], [Plugins, ConfigKeys.GrpcTcp, "tls_key"]),
        (["grpc", "tcp_tls_common_name"], [Plugins, ConfigKeys.GrpcTcp, "tls_common_name"]),
        (["grpc"], [Plugins, ConfigKeys.Grpc]),
        (["ttrpc"], [Plugins, ConfigKeys.Ttrpc]),
        (["debug", "address"], [Plugins, ConfigKeys.DebugServer, "address"]),
        (["debug", "uid"], [Plugins, ConfigKeys.DebugServer, "uid"]),
        (["debug", "gid"], [Plugins, ConfigKeys.DebugServer, "gid"]),
        (["metrics"], [Plugins, ConfigKeys.Metrics]),
    ];

    /// <summary>The names of older versions, for those who misspell one.</summary>
    public static IEnumerable<string> OldNames =>
        ShortNames.Keys.Concat(Renamed.Keys).Concat(SocketMoves.Select(move => move.From[0])).Append(Cri);

    /// <summary>Brings a file to the newest version.</summary>
    /// <param name="root">What it says; it is changed.</param>
    /// <param name="version">Its version.</param>
    public static void Apply(ConfigNode root, int version)
    {
        root.Entries.Remove("version");
        root.Entries.Insert(0, "version", ConfigNode.Of((long)DaemonConfig.NewestVersion));
        if (version == 1)
        {
            Rename(root, ShortNames);
            NameProcessors(root);
        }

        Rename(root, Renamed);
        if (root.Find([Plugins, Cri]) is { IsTable: true } cri)
        {
            SplitCri(root, cri);
        }

        foreach ((string[] from, string[] to) in SocketMoves)
        {
            Move(root, from, root, to);
        }
    }

    private static void Rename(ConfigNode root, Dictionary<string, string> names)
    {
        foreach ((string before, string after) in names)
        {
            Move(root, [Plugins, before], root, [Plugins, after]);
        }

        foreach (string list in (ReadOnlySpan<string>)["disabled_plugins", "required_plugins"])
        {
            if (root.Find(list)?.Value is List<ConfigNode> items)
            {
                for (int i = 0; i < items.Count; i++)
                {
                    items[i] = items[i].Value is string name && names.TryGetValue(name, out string? after)
                        ? new ConfigNode(after, items[i].Origin)
                        : items[i];
                }
            }
        }
    }

    /// <summary>Before they were a table, stream processors were a list of tables with ids.</summary>
    private static void NameProcessors(ConfigNode root)
    {
        if (root.Find("stream_processors") is not { Value: List<ConfigNode> list } processors)
        {
            return;
        }

        ConfigNode table = new(new OrderedDictionary<string, ConfigNode>(StringComparer.Ordinal), processors.Origin);
        foreach (ConfigNode processor in list)
        {
            string id = processor.Needed("id").Text();
            processor.Entries.Remove("id");
            table.Entries[id] = processor;
        }

        root.Entries["stream_processors"] = table;
    }

    private static void SplitCri(ConfigNode root, ConfigNode cri)
    {
        foreach ((string[] from, string[] to) in CriMoves)
        {
            Move(cri, from, root, [Plugins, CriImages, .. to]);
        }

        foreach (string key in cri.Entries.Keys.Except(CriServer, StringComparer.Ordinal).ToArray())
        {
            Move(cri, [key], root, [Plugins, CriRuntime, key]);
        }

        if (cri.Entries.Count == 0)
        {
            root.Find(Plugins)!.Entries.Remove(Cri);
        }
    }

    /// <summary>Moves what is there; what is at the new place already wins.</summary>
    private static void Move(ConfigNode source, string[] from, ConfigNode target, string[] to)
    {
        ConfigNode? parent = source;
        foreach (string key in from[..^1])
        {
            parent = parent.Entries.GetValueOrDefault(key);
            if (parent is not { IsTable: true })
            {
                return;
            }
        }

        if (!parent.Entries.Remove(from[^1], out ConfigNode? moved))
        {
            return;
        }

        // What it is in now is where it was: in the table at its old place.
        ConfigNode place = target.Table(to.AsSpan(..^1), (source.Origin.Line > 0 ? source : parent).Origin);
        if (place.Find(to[^1]) is not { } there)
        {
            place.Entries[to[^1]] = moved;
        }
        else if (there.IsTable && moved.IsTable)
        {
            foreach ((string key, ConfigNode node) in moved.Entries)
            {
                there.Entries.TryAdd(key, node);
            }
        }
    }
}
