using System.Diagnostics.CodeAnalysis;
using Gantry.Core.Collection;
using Gantry.Core.Diff;
using Gantry.Core.Events;
using Gantry.Core.Maintenance;
using Gantry.Core.Metadata;
using Gantry.Core.Plugins;
using Gantry.Runtime.Events;
using Gantry.Runtime.Sandboxes;
using Gantry.Runtime.Tasks;
using Gantry.Server.Auditing;
using Gantry.Server.Config;
using Gantry.Server.Hosting;
using Gantry.Server.Metrics;
using Gantry.Server.Publishing;
using Gantry.Server.Services.Lists;
using Gantry.Server.Streams;
using Gantry.Server.Transfers;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Services;

/// <summary>What the gRPC services are made from.</summary>
/// <param name="Lifetime">The daemon's life.</param>
/// <param name="Metadata">Everything durable.</param>
/// <param name="Scan">Long lists of what is durable.</param>
/// <param name="Collector">The collector of garbage.</param>
/// <param name="Events">Where events go.</param>
/// <param name="Audit">Where calls that change something are kept.</param>
/// <param name="Tasks">The tasks.</param>
/// <param name="Sandboxes">The sandboxes.</param>
/// <param name="Differ">Makes the differ of a scope.</param>
/// <param name="Maintenance">The upkeep of what is durable.</param>
/// <param name="Plugins">The parts of the daemon, as clients see them.</param>
/// <param name="Uuid">The id of the root directory.</param>
/// <param name="LogRoot">Where the output of containers is kept.</param>
/// <param name="Transfers">How images are transferred.</param>
/// <param name="Loggers">Where services log.</param>
public sealed record ApiServices(
    DaemonLifetime Lifetime,
    IMetadata Metadata,
    IRecordScan Scan,
    IGarbageCollector Collector,
    IEventExchange Events,
    EventHub Audit,
    TaskManager Tasks,
    SandboxController Sandboxes,
    Func<INamespaceScope, IDiffer> Differ,
    IMaintenance Maintenance,
    IReadOnlyList<PluginInfo> Plugins,
    string Uuid,
    string LogRoot,
    Func<TransferOptions> Transfers,
    ILoggerFactory Loggers)
{
    /// <summary>What clients are told will be gone one day.</summary>
    public IReadOnlyList<Deprecation> Deprecations { get; init; } = [];

    /// <summary>The services that are disabled, by their full names.</summary>
    public IReadOnlyList<string> Disabled { get; init; } = [];
    /// <summary>What is counted of calls.</summary>
    internal RpcMetrics Calls { get; } = new();

    /// <summary>What the gRPC library looks at of a service.</summary>
    private const DynamicallyAccessedMemberTypes ServiceMembers = DynamicallyAccessedMemberTypes.PublicConstructors
        | DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods;

    /// <summary>Makes the services known to the host.</summary>
    /// <param name="services">The host's services.</param>
    internal void Register(IServiceCollection services)
    {
        StreamTable streams = new();
        ContainerLogs logs = new(LogRoot, Loggers.CreateLogger<ContainerLogs>());
        EventPublisher publisher = new(Events, Loggers.CreateLogger<EventPublisher>());
        PublishedMetadata published = new(Metadata, publisher);
        services.AddSingleton(new AuditInterceptor(Audit, Lifetime.Time));
        services.AddSingleton(new ErrorInterceptor(Lifetime, Calls, Loggers.CreateLogger<ErrorInterceptor>()));
        services.AddSingleton(new VersionService());
        services.AddSingleton(new HealthService(Lifetime));
        services.AddSingleton(new IntrospectionService(
            Plugins, Uuid, Deprecations, Lifetime.Time.GetUtcNow(), Tasks.InfoAsync));
        services.AddSingleton(new NamespacesService(Metadata, publisher));
        services.AddSingleton(new ContentService(published));
        services.AddSingleton(new ImagesService(published));
        services.AddSingleton(new LeasesService(Metadata, streams));
        services.AddSingleton(new GcService(Collector));
        services.AddSingleton(new SnapshotsService(published));
        services.AddSingleton(new MountsService(Metadata));
        services.AddSingleton(new DiffService(Metadata, Differ));
        services.AddSingleton(new ContainersService(Metadata, publisher, logs));
        services.AddSingleton(new SandboxStoreService(Metadata));
        services.AddSingleton(new SandboxControllerService(Sandboxes, publisher));
        services.AddSingleton(new TasksService(Metadata, Tasks, Lifetime));
        services.AddSingleton(new EventsService(Events, Lifetime));
        services.AddSingleton(new EventLogService(Events, Audit, Lifetime));
        services.AddSingleton(new StreamingService(streams, Lifetime));
        services.AddSingleton(new TransferService(
            new ImageTransfers(published, Differ, streams, Transfers, IsRemote, Lifetime.Time, Loggers), streams));
        services.AddSingleton(new MaintenanceService(Maintenance));
        services.AddSingleton(new RecordLists(Scan));
        services.AddSingleton<IServiceMethodProvider<RecordLists>>(new RecordListMethods());
    }

    /// <summary>Lists them; what is not among them answers UNIMPLEMENTED.</summary>
    /// <param name="provider">What they were made known to.</param>
    internal ServiceTable Table(IServiceProvider provider)
    {
        ServiceTable table = new(provider);
        table.Add("containerd.services.version.v1.Version", static it => it.MapGrpcService<VersionService>());
        table.Add("grpc.health.v1.Health", static it => it.MapGrpcService<HealthService>());
        table.Add(
            "containerd.services.introspection.v1.Introspection", static it => it.MapGrpcService<IntrospectionService>());
        table.Add("containerd.services.namespaces.v1.Namespaces", static it => it.MapGrpcService<NamespacesService>());
        AddWithLists<ContentService>(table, RecordListMethods.Content);
        AddWithLists<ImagesService>(table, RecordListMethods.Images);
        AddWithLists<LeasesService>(table, RecordListMethods.Leases);
        table.Add("gantry.gc.v1.Gc", static it => it.MapGrpcService<GcService>());
        AddWithLists<SnapshotsService>(table, RecordListMethods.Snapshots);
        table.Add("containerd.services.mounts.v1.Mounts", static it => it.MapGrpcService<MountsService>());
        table.Add("containerd.services.diff.v1.Diff", static it => it.MapGrpcService<DiffService>());
        AddWithLists<ContainersService>(table, RecordListMethods.Containers);
        table.Add("containerd.services.sandbox.v1.Store", static it => it.MapGrpcService<SandboxStoreService>());
        table.Add("containerd.services.sandbox.v1.Controller", static it => it.MapGrpcService<SandboxControllerService>());
        table.Add("containerd.services.tasks.v1.Tasks", static it => it.MapGrpcService<TasksService>());
        table.Add("containerd.services.events.v1.Events", static it => it.MapGrpcService<EventsService>());
        table.Add("containerd.services.streaming.v1.Streaming", static it => it.MapGrpcService<StreamingService>());
        table.Add("containerd.services.transfer.v1.Transfer", static it => it.MapGrpcService<TransferService>());
        table.Add("gantry.events.v1.EventLog", static it => it.MapGrpcService<EventLogService>());
        table.Add("gantry.maintenance.v1.Maintenance", static it => it.MapGrpcService<MaintenanceService>());
        foreach (string service in Disabled)
        {
            table.Remove(service);
        }

        return table;
    }

    /// <summary>Adds a service whose list is in <see cref="RecordLists"/>, in place of one that is not there.</summary>
    private static void AddWithLists<[DynamicallyAccessedMembers(ServiceMembers)] TService>(
        ServiceTable table, string service)
        where TService : class =>
        table.Add(service, static it =>
        {
            it.MapGrpcService<TService>();
            it.MapGrpcService<RecordLists>();
        });

    private bool IsRemote(string snapshotter) => Plugins.Any(plugin =>
        plugin.Type == "io.containerd.snapshotter.v1" && plugin.Id == snapshotter
        && plugin.Exports.GetValueOrDefault("enable_remote_snapshot_annotations") is "true");
}
