using Gantry.Server.Transfers;

namespace Gantry.Server.Config;

/// <content>Images and layers.</content>
internal static partial class ConfigKeys
{
    private const string DiffService = "io.containerd.service.v1.diff-service";
    private const string Transfer = "io.containerd.transfer.v1.local";
    private const string Verifier = "io.containerd.image-verifier.v1.bindir";
    private const string AllAtOnce = "layers are unpacked while they come, as many as are downloaded.";

    private static ConfigKey[] ImageKeys() =>
    [
        ConfigKey.Texts(DiffService, "default", c => c.Differs, (c, v) => c with { Differs = v },
            "The differs that make and apply layers, asked in this order."),
        ConfigKey.Flag(DiffService, "sync_fs", c => c.SyncLayers, (c, v) => c with { SyncLayers = v },
            "Whether the files of each layer are on the disk before it counts as applied, whatever the client wants."),
        ConfigKey.Number(Transfer, "max_concurrent_downloads", 1, c => c.Transfers.MaxConcurrentDownloads,
            (c, v) => Transfers(c, t => t with { MaxConcurrentDownloads = v }), "How many blobs of an image are downloaded at once.",
            64),
        ConfigKey.Number(Transfer, "max_concurrent_uploaded_layers", 1, c => c.Transfers.MaxConcurrentUploads,
            (c, v) => Transfers(c, t => t with { MaxConcurrentUploads = v }), "How many blobs of an image are uploaded at once.", 64),
        new ConfigKey(Transfer, "config_path", "string",
            "Directories that say how registries are reached (hosts.toml), with colons between them.",
            c => ConfigNode.Of(string.Join(':', c.Transfers.HostsDirectories)),
            (c, node) => Transfers(
                c, t => t with { HostsDirectories = node.Text().Split(':', StringSplitOptions.RemoveEmptyEntries) }))
        {
            Reloads = true,
        },
        ConfigKey.Ignored(Transfer, "max_concurrent_unpacks", 1L, AllAtOnce),
        ConfigKey.Ignored(Transfer, "concurrent_layer_fetch_buffer", 0L, "the pieces of a layer go to the disk as they come."),
        ConfigKey.Ignored(Transfer, "check_platform_supported", false, "a platform that no snapshotter has is refused."),
        ConfigKey.Ignored(Transfer, "unpack_config", new List<ConfigNode>(), "an image is unpacked by the snapshotter that the client names."),
        new ConfigKey(Verifier, "bin_dir", "string",
            "The directory of the programs that decide what may be pulled; empty: everything may be.",
            c => ConfigNode.Of(c.Transfers.Verifiers.Directory),
            (c, node) => Verifiers(c, v => v with { Directory = node.Text() })),
        ConfigKey.Number(Verifier, "max_verifiers", -1, c => c.Transfers.Verifiers.MaxVerifiers,
            (c, v) => Verifiers(c, old => old with { MaxVerifiers = v }),
            "How many of them there may be: with more, every pull is refused; -1: any number."),
        ConfigKey.Limit(Verifier, "per_verifier_timeout", c => c.Transfers.Verifiers.Timeout,
            (c, v) => Verifiers(c, old => old with { Timeout = v }), "How long each of them may take."),
    ];

    private static DaemonConfig Transfers(DaemonConfig config, Func<TransferOptions, TransferOptions> change) =>
        config with { Transfers = change(config.Transfers) };

    private static DaemonConfig Verifiers(DaemonConfig config, Func<ImageVerifierOptions, ImageVerifierOptions> change) =>
        Transfers(config, transfers => transfers with { Verifiers = change(transfers.Verifiers) });
}
