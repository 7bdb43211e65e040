using Gantry.Core.Errors;
using Gantry.Core.Maintenance;
using Gantry.Core.Namespaces;
using Gantry.Server.Config;
using Gantry.Server.Hosting;
using Gantry.Server.Proxies;
using Gantry.Storage.Metadata;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Maintenance;

/// <summary>The upkeep of a root on which no daemon runs, or can.</summary>
public static class OfflineMaintenance
{
    /// <summary>Checks a root.</summary>
    /// <param name="config">The configuration of the daemon, with the root.</param>
    /// <param name="options">How.</param>
    /// <param name="report">Gets the findings.</param>
    /// <param name="loggers">Where parts log.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="GantryException">NotFound: there is no such root. FailedPrecondition: a daemon works there.</exception>
    public static async Task CheckAsync(
        DaemonConfig config,
        CheckOptions options,
        Func<Finding, Task> report,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(report);
        using RootLock held = Enter(config.Root);
        await using SnapshotterSet snapshotters = SnapshotterSet.Open(config, loggers, TimeProvider.System);
        await using ProxyBlobStore? blobs = ContentSource.Open(config, TimeProvider.System);
        ContentSource.RequireKnown(config.Root, blobs);
        MetadataStoreOptions storeOptions = new(config.Root)
        {
            Blobs = blobs,
            Drivers = snapshotters.Drivers,
            LoggerFactory = loggers,
            LeaveRemains = true,
        };
        try
        {
            await using MetadataStore store = await MetadataStore.OpenAsync(storeOptions, cancellationToken);
            await store.CheckAsync(options, report, cancellationToken);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.DataLoss)
        {
            await report(MetadataStore.Damaged(config.Root, e.Message));
        }

        RuntimeCheck runtime = new(
            config.Root,
            config.State,
            config.Grpc.Address,
            metadata: null,
            tasks: null,
            sandboxes: null,
            temporary: null,
            TimeProvider.System);
        await runtime.RunAsync(options, report, cancellationToken);
    }

    /// <summary>Makes a new database from what is on disk.</summary>
    /// <param name="root">The root.</param>
    /// <param name="ns">The namespace that gets the content.</param>
    /// <param name="report">Gets what was done.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="GantryException">NotFound: there is no such root. FailedPrecondition: a daemon works there.</exception>
    public static async Task RebuildAsync(
        string root,
        Namespace ns,
        Func<Finding, Task> report,
        CancellationToken cancellationToken)
    {
        using RootLock held = Enter(root);
        ContentSource.RequireOwn(root);
        await MetadataStore.RebuildAsync(root, ns, report, cancellationToken);
    }

    private static RootLock Enter(string root) =>
        Directory.Exists(Path.Combine(root, "io.containerd.metadata.v1.bolt"))
            ? RootLock.Take(root)
            : throw new GantryException(ErrorKind.NotFound, $"root {root}: no daemon has worked there");
}
