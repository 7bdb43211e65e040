using Gantry.Api.KeptEvents;
using Gantry.Api.Mapping;
using Gantry.Client.Collection;
using Gantry.Client.Events;
using Gantry.Client.Internal;
using Gantry.Client.Maintenance;
using Gantry.Client.Namespaces;
using Gantry.Core.Collection;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Maintenance;
using Gantry.Core.Metadata;
using Gantry.Core.Namespaces;
using Gantry.Core.Plugins;
using Google.Protobuf.WellKnownTypes;
using Grpc.Health.V1;
using PluginsRequest = Gantry.Api.Services.Introspection.PluginsRequest;
using PluginsResponse = Gantry.Api.Services.Introspection.PluginsResponse;
using ServerResponse = Gantry.Api.Services.Introspection.ServerResponse;
using VersionResponse = Gantry.Api.Services.Version.VersionResponse;

namespace Gantry.Client;

/// <summary>
/// A client of a Gantry daemon, or of containerd, on its Unix socket. It connects when first used, may be used by any
/// number of callers at once, and connects again when the daemon was started anew.
/// </summary>
/// <remarks>
/// Every call may end in a <see cref="GantryException"/>: with the kind and text that the daemon gave, or, when it could
/// not be reached, Unavailable with a text that names the socket.
/// </remarks>
/// <example>
/// <code>
/// await using GantryClient client = new(new GantryClientOptions { SocketPath = "/run/gantry/gantry.sock" });
/// NamespaceClient ns = client.In(Namespace.Default);
/// foreach (ImageRecord image in await ns.Images.ListAsync([], cancellationToken))
/// {
///     Console.WriteLine(image.Name);
/// }
/// </code>
/// </example>
public sealed class GantryClient : IMetadata, IDisposable, IAsyncDisposable
{
    private readonly Connection _connection;

    /// <summary>Makes a client; nothing is connected yet.</summary>
    /// <param name="options">Where the daemon is.</param>
    public GantryClient(GantryClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _connection = new Connection(options);
        Namespaces = new RemoteNamespaceStore(_connection);
        Events = new RemoteEvents(_connection);
        Audit = new RemoteReplay(_connection, Log.Audit);
        Collector = new RemoteGarbageCollector(_connection);
        Maintenance = new RemoteMaintenance(_connection);
    }

    /// <inheritdoc/>
    public INamespaceStore Namespaces { get; }

    /// <summary>
    /// The daemon's events. A subscription is on its way when <c>Subscribe</c> returns; what happens in the instant
    /// before the daemon has it may be missed.
    /// </summary>
    public IEventExchange Events { get; }

    /// <summary>
    /// The calls that changed something, of a Gantry daemon only: the topic of each is its method, the event an
    /// AuditRecord.
    /// </summary>
    public IEventReplay Audit { get; }

    /// <summary>The collector of garbage, of a Gantry daemon only.</summary>
    public IGarbageCollector Collector { get; }

    /// <summary>The upkeep of the daemon's data: Gantry only; containerd answers NotImplemented.</summary>
    public IMaintenance Maintenance { get; }

    /// <summary>One namespace, under a lease or none.</summary>
    /// <param name="ns">The namespace; it need not exist.</param>
    /// <param name="leaseId">A lease of that namespace that new objects are added to.</param>
    public NamespaceClient In(Namespace ns, string? leaseId = null) => new(_connection, ns, leaseId);

    /// <inheritdoc/>
    INamespaceScope IMetadata.In(Namespace ns, string? leaseId) => In(ns, leaseId);

    /// <summary>The version of the daemon.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<DaemonVersion> VersionAsync(CancellationToken cancellationToken = default)
    {
        VersionResponse response = new();
        await _connection.CallAsync("/containerd.services.version.v1.Version/Version", new Empty(), response, RpcHeaders.None, cancellationToken)
            .ConfigureAwait(false);
        return new DaemonVersion(response.Version, response.Revision);
    }

    /// <summary>Who the daemon is.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<DaemonInfo> InfoAsync(CancellationToken cancellationToken = default)
    {
        ServerResponse response = new();
        await _connection.CallAsync("/containerd.services.introspection.v1.Introspection/Server", new Empty(), response, RpcHeaders.None, cancellationToken)
            .ConfigureAwait(false);
        return new DaemonInfo(
            response.Uuid,
            response.Pid,
            [.. response.Deprecations.Select(d => d.Message)]);
    }

    /// <summary>The parts that the daemon is made of.</summary>
    /// <param name="filters">Filters such as <c>type==io.containerd.snapshotter.v1</c>; none: all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<PluginInfo>> PluginsAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken = default)
    {
        PluginsResponse response = new();
        await _connection.CallAsync(
            "/containerd.services.introspection.v1.Introspection/Plugins",
            new PluginsRequest { Filters = { filters } },
            response,
            RpcHeaders.None,
            cancellationToken).ConfigureAwait(false);
        return [.. response.Plugins.Select(p => p.ToRecord())];
    }

    /// <summary>Whether the daemon says that it serves.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<bool> IsServingAsync(CancellationToken cancellationToken = default)
    {
        HealthCheckResponse response = new();
        await _connection.CallAsync("/grpc.health.v1.Health/Check", new HealthCheckRequest(), response, RpcHeaders.None, cancellationToken)
            .ConfigureAwait(false);
        return response.Status is HealthCheckResponse.Types.ServingStatus.Serving;
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _connection.Dispose();
        return ValueTask.CompletedTask;
    }
}
