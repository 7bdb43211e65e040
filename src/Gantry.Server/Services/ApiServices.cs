using Gantry.Core.Collection;
using Gantry.Core.Diff;
using Gantry.Core.Events;
using Gantry.Core.Maintenance;
using Gantry.Core.Metadata;
using Gantry.Core.Plugins;
using Gantry.Runtime.Sandboxes;
using Gantry.Runtime.Tasks;
using Gantry.Server.Hosting;
using Gantry.Server.Publishing;
using Gantry.Server.Services.Lists;
using Gantry.Server.Streams;
using Gantry.Server.Transfers;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Services;

/// <summary>What the gRPC services are made from.</summary>
/// <param name="Lifetime">The daemon's life.</param>
/// <param name="Metadata">Everything durable.</param>
/// <param name="Scan">Long lists of what is durable.</param>
/// <param name="Collector">The collector of garbage.</param>
/// <param name="Events">Where events go.</param>
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
    TaskManager Tasks,
    SandboxController Sandboxes,
    Func<INamespaceScope, IDiffer> Differ,
    IMaintenance Maintenance,
    IReadOnlyList<PluginInfo> Plugins,
    string Uuid,
    string LogRoot,
    TransferOptions Transfers,
    ILoggerFactory Loggers)
{
    /// <summary>Makes the services known to the host.</summary>
    /// <param name="services">The host's services.</param>
    internal void Register(IServiceCollection services)
    {
        StreamTable streams = new();
        ContainerLogs logs = new(LogRoot, Loggers.CreateLogger<ContainerLogs>());
        EventPublisher publisher = new(Events, Loggers.CreateLogger<EventPublisher>());
        PublishedMetadata published = new(Metadata, publisher);
        services.AddSingleton(new ErrorInterceptor(Lifetime, Loggers.CreateLogger<ErrorInterceptor>()));
        services.AddSingleton(new VersionService());
        services.AddSingleton(new HealthService(Lifetime));
        services.AddSingleton(new IntrospectionService(Plugins, Uuid));
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
        services.AddSingleton(new StreamingService(streams, Lifetime));
        services.AddSingleton(new TransferService(
            new ImageTransfers(published, Differ, streams, Transfers, Lifetime.Time, Loggers), streams));
        services.AddSingleton(new MaintenanceService(Maintenance));
        services.AddSingleton(new RecordLists(Scan));
        services.AddSingleton<IServiceMethodProvider<RecordLists>>(new RecordListMethods());
    }

    /// <summary>Maps the services; what is not mapped answers UNIMPLEMENTED.</summary>
    /// <param name="application">The host.</param>
    internal static void Map(WebApplication application)
    {
        application.MapGrpcService<VersionService>();
        application.MapGrpcService<HealthService>();
        application.MapGrpcService<IntrospectionService>();
        application.MapGrpcService<NamespacesService>();
        application.MapGrpcService<ContentService>();
        application.MapGrpcService<ImagesService>();
        application.MapGrpcService<LeasesService>();
        application.MapGrpcService<GcService>();
        application.MapGrpcService<SnapshotsService>();
        application.MapGrpcService<MountsService>();
        application.MapGrpcService<DiffService>();
        application.MapGrpcService<ContainersService>();
        application.MapGrpcService<SandboxStoreService>();
        application.MapGrpcService<SandboxControllerService>();
        application.MapGrpcService<TasksService>();
        application.MapGrpcService<EventsService>();
        application.MapGrpcService<StreamingService>();
        application.MapGrpcService<TransferService>();
        application.MapGrpcService<MaintenanceService>();

        // Before the methods of the same name that the generated classes offer, which answer UNIMPLEMENTED.
        application.MapGrpcService<RecordLists>().Add(endpoint => ((RouteEndpointBuilder)endpoint).Order = -1);
    }
}
