using System.Runtime.InteropServices;
using Gantry.Core.Plugins;
using Gantry.Oci.Image;
using Gantry.Runtime.Sandboxes;
using Gantry.Server.Config;
using Gantry.Server.Proxies;

namespace Gantry.Server;

/// <summary>The parts of the daemon as clients are told of them: only what is there, under containerd's names.</summary>
internal static class Builtins
{
    private const string Grpc = "io.containerd.grpc.v1";
    private const string Service = "io.containerd.service.v1";
    private const string Snapshotter = DaemonConfig.SnapshotterType;
    private const string Metadata = "io.containerd.metadata.v1";
    private const string Content = "io.containerd.content.v1";
    private const string Differ = "io.containerd.differ.v1";
    private const string Event = "io.containerd.event.v1";
    private const string Gc = "io.containerd.gc.v1";
    private const string LeaseType = "io.containerd.lease.v1";
    private const string MountHandler = "io.containerd.mount-handler.v1";
    private const string MountManager = "io.containerd.mount-manager.v1";
    private const string StreamingType = "io.containerd.streaming.v1";
    private const string SandboxStoreType = "io.containerd.sandbox.store.v1";
    private const string SandboxControllerType = "io.containerd.sandbox.controller.v1";
    private const string TransferType = "io.containerd.transfer.v1";
    private const string Verifier = "io.containerd.image-verifier.v1";
    private const string ContainerMonitor = "io.containerd.monitor.container.v1";
    private const string RuntimeV2 = "io.containerd.runtime.v2";
    private const string Shim = "io.containerd.shim.v1";
    private const string Warning = "io.containerd.warning.v1";
    private const string ServerType = "io.containerd.server.v1";

    /// <summary>The list, in the order that parts start in.</summary>
    /// <param name="facts">What is known of this machine and its set-up.</param>
    public static IReadOnlyList<PluginInfo> List(BuiltinFacts facts)
    {
        Platform host = HostPlatform();
        List<PluginInfo> plugins =
        [
            facts.ContentProxy is { } proxy
                ? OfProxy(Content, proxy, host)
                : new(Content, "content") { Exports = Exports(("root", facts.ContentRoot)) },
        ];
        plugins.AddRange(facts.Snapshotters.Select(driver => driver is ProxySnapshotDriver proxy
            ? OfProxy(Snapshotter, proxy.Config, host)
            : new PluginInfo(Snapshotter, driver.Name)
            {
                Platforms = [host],
                Exports = Exports(("root", driver.Root)),
                Capabilities = driver.Capabilities,
            }));
        plugins.AddRange(facts.SkippedSnapshotters.Select(skipped => new PluginInfo(Snapshotter, skipped.Name)
        {
            InitError = $"{skipped.Reason}: skip plugin",
        }));
        plugins.AddRange(
        [
            new(Event, "exchange"),
            new(Warning, "deprecations"),
            new(Metadata, "bolt")
            {
                Requires = [Content, Snapshotter],
                Exports = Exports(("path", facts.DatabasePath), ("policy", facts.SharingPolicy)),
            },
            new(Gc, "scheduler") { Requires = [Metadata] },
            new(LeaseType, "manager") { Requires = [Metadata] },
            new(Differ, DifferSet.BuiltIn) { Requires = [Metadata], Platforms = [host] },
            .. facts.DiffProxies.Select(proxy => OfProxy(Differ, proxy, host)),
            new(MountHandler, "erofs") { Platforms = [host] },
            new(MountHandler, "loop") { Platforms = [host] },
            new(MountManager, "bolt") { Requires = [Metadata, MountHandler] },
            new(Shim, "manager") { Requires = [Event, Metadata] },
            new(RuntimeV2, "task")
            {
                Requires = [Event, Metadata, Shim],
                Platforms = [host],
                Exports = Exports(("log-uri-schemes", ContainerLogs.Schemes), ("log-root", facts.LogRoot)),
            },
            new(SandboxStoreType, "local") { Requires = [Metadata] },
            new(SandboxControllerType, SandboxController.Name) { Requires = [Event, Shim] },
            new(StreamingType, "manager") { Requires = [Metadata] },
            new(Verifier, "bindir"),
            new(TransferType, "local") { Requires = [LeaseType, Metadata, Differ, Verifier] },
            new(ContainerMonitor, "restart") { Requires = [Event, Metadata, RuntimeV2] },
            .. Services(),
            .. Endpoints(),
            .. facts.Servers.Select(server => new PluginInfo(ServerType, server.Id)
            {
                Exports = Exports(("address", server.Address)),
            }),
        ]);
        return plugins;
    }

    /// <summary>Whether a part may be left out. The others are what the rest stands on.</summary>
    /// <param name="plugin">The part.</param>
    public static bool CanBeDisabled(PluginInfo plugin) =>
        plugin.Type is Grpc or Snapshotter || plugin is { Type: ContainerMonitor, Id: "restart" };

    /// <summary>The gRPC service that a part of that type serves.</summary>
    /// <param name="plugin">The part.</param>
    /// <returns>The service's full name; null when it serves none.</returns>
    public static string? ServiceOf(PluginInfo plugin) => plugin.Type is not Grpc ? null : plugin.Id switch
    {
        "healthcheck" => "grpc.health.v1.Health",
        "sandboxes" => "containerd.services.sandbox.v1.Store",
        "sandbox-controllers" => "containerd.services.sandbox.v1.Controller",
        string id => $"containerd.services.{id}.v1.{char.ToUpperInvariant(id[0])}{id[1..]}",
    };

    private static PluginInfo OfProxy(string type, ProxyPluginConfig proxy, Platform host) => new(type, proxy.Name)
    {
        Platforms = [Platform.TryParse(proxy.Platform, out Platform? platform) ? platform! : host],
        Exports = proxy.Exports.Append(new("address", proxy.Address))
            .DistinctBy(export => export.Key, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal),
        Capabilities = proxy.Capabilities,
    };

    private static IEnumerable<PluginInfo> Services() =>
    [
        new(Service, "introspection-service") { Requires = [Warning] },
        new(Service, "containers-service") { Requires = [Event, Metadata] },
        new(Service, "content-service") { Requires = [Event, Metadata] },
        new(Service, "diff-service") { Requires = [Differ] },
        new(Service, "images-service") { Requires = [Event, Metadata, Gc] },
        new(Service, "namespaces-service") { Requires = [Event, Metadata] },
        new(Service, "snapshots-service") { Requires = [Event, Metadata] },
        new(Service, "tasks-service") { Requires = [Event, RuntimeV2, Metadata] },
    ];

    private static IEnumerable<PluginInfo> Endpoints() =>
    [
        new(Grpc, "introspection") { Requires = [Service] },
        new(Grpc, "containers") { Requires = [Service] },
        new(Grpc, "content") { Requires = [Service] },
        new(Grpc, "diff") { Requires = [Service] },
        new(Grpc, "events") { Requires = [Event] },
        new(Grpc, "healthcheck"),
        new(Grpc, "images") { Requires = [Service] },
        new(Grpc, "leases") { Requires = [LeaseType] },
        new(Grpc, "mounts") { Requires = [MountManager] },
        new(Grpc, "namespaces") { Requires = [Service] },
        new(Grpc, "sandbox-controllers") { Requires = [SandboxControllerType, Event] },
        new(Grpc, "sandboxes") { Requires = [SandboxStoreType] },
        new(Grpc, "snapshots") { Requires = [Service] },
        new(Grpc, "streaming") { Requires = [StreamingType] },
        new(Grpc, "tasks") { Requires = [Service] },
        new(Grpc, "transfer") { Requires = [TransferType, StreamingType] },
        new(Grpc, "version"),
    ];

    private static Dictionary<string, string> Exports(params ReadOnlySpan<(string Key, string Value)> exports)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        foreach ((string key, string value) in exports)
        {
            map[key] = value;
        }

        return map;
    }

    private static Platform HostPlatform() => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => new Platform("linux", "amd64"),
        Architecture.Arm64 => new Platform("linux", "arm64", "v8"),
        Architecture other => new Platform("linux", other.ToString().ToLowerInvariant()),
    };
}
