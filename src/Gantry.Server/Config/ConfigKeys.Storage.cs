namespace Gantry.Server.Config;

/// <content>What is kept: metadata, collection of garbage, snapshots.</content>
internal static partial class ConfigKeys
{
    private const string Bolt = "io.containerd.metadata.v1.bolt";
    private const string Scheduler = "io.containerd.gc.v1.scheduler";
    private const string Overlayfs = $"{DaemonConfig.SnapshotterType}.overlayfs";

    private static ConfigKey[] StorageKeys() =>
    [
        ConfigKey.Choice(Bolt, "content_sharing_policy", [("shared", true), ("isolated", false)],
            c => c.ShareContent, (c, v) => c with { ShareContent = v },
            "Whether a blob that another namespace has may appear in this one without being sent."),
        ConfigKey.Ignored(Bolt, "no_sync", false, "what is said to be done is on the disk.", warn: true),
        new ConfigKey(Scheduler, "pause_threshold", "number", "The greatest part of all time that collections may take, up to 0.5.",
            c => ConfigNode.Of(c.Gc.PauseThreshold),
            (c, node) => c with { Gc = c.Gc with { PauseThreshold = node.Fraction(0, 1) } }),
        ConfigKey.Number(Scheduler, "deletion_threshold", 0, c => c.Gc.DeletionThreshold,
            (c, v) => c with { Gc = c.Gc with { DeletionThreshold = v } }, "How many deletions start a collection at once; 0: none do."),
        ConfigKey.Number(Scheduler, "mutation_threshold", 0, c => c.Gc.MutationThreshold,
            (c, v) => c with { Gc = c.Gc with { MutationThreshold = v } },
            "How many changes start a collection though nothing was deleted; 0: none do."),
        ConfigKey.Duration(Scheduler, "schedule_delay", c => c.Gc.ScheduleDelay,
            (c, v) => c with { Gc = c.Gc with { ScheduleDelay = v } }, "The time between what starts a collection and the collection."),
        ConfigKey.Duration(Scheduler, "startup_delay", c => c.Gc.StartupDelay,
            (c, v) => c with { Gc = c.Gc with { StartupDelay = v } }, "The time between the start and the first collection."),
        .. DaemonConfig.Snapshotters.Select(SnapshotterRoot),
        new ConfigKey(Overlayfs, "mount_options", "array of strings",
            "The options of each overlay, such as index=off, in place of those that suit the kernel; empty: those.",
            c => ConfigNode.Of(c.Overlay.MountOptions ?? []),
            (c, node) => node.Texts() is { Count: > 0 } texts ? c with { Overlay = c.Overlay with { MountOptions = texts } } : c),
        ConfigKey.Flag(Overlayfs, "upperdir_label", c => c.Overlay.ShowUpperDirectory,
            (c, v) => c with { Overlay = c.Overlay with { ShowUpperDirectory = v } },
            "Whether a label of each snapshot tells the directory of its own files."),
        ConfigKey.Flag(Overlayfs, "sync_remove", c => c.Overlay.RemoveSynchronously,
            (c, v) => c with { Overlay = c.Overlay with { RemoveSynchronously = v } },
            "Whether the files of a removed snapshot are gone before the removal is answered, and not later."),
        ConfigKey.Flag(Overlayfs, "slow_chown", c => c.Overlay.AllowSlowChown,
            (c, v) => c with { Overlay = c.Overlay with { AllowSlowChown = v } },
            "Whether owners are changed file by file where the kernel can't map them."),
    ];

    private static ConfigKey SnapshotterRoot(string name) => ConfigKey.Text(
        $"{DaemonConfig.SnapshotterType}.{name}",
        "root_path",
        c => c.SnapshotterRoots.GetValueOrDefault(name, ""),
        (c, v) => c with
        {
            SnapshotterRoots = new Dictionary<string, string>(c.SnapshotterRoots, StringComparer.Ordinal) { [name] = v },
        },
        "The directory of the snapshots; empty: one of this name in the root.");
}
