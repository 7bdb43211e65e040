using Gantry.Client.Containers;
using Gantry.Client.Content;
using Gantry.Client.Diff;
using Gantry.Client.Images;
using Gantry.Client.Internal;
using Gantry.Client.Leases;
using Gantry.Client.Mounts;
using Gantry.Client.Sandboxes;
using Gantry.Client.Snapshots;
using Gantry.Client.Tasks;
using Gantry.Client.Transfers;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Sandboxes;
using Gantry.Core.Snapshots;

namespace Gantry.Client;

/// <summary>One namespace of a daemon, under a lease or none. It is cheap to make and holds nothing.</summary>
public sealed class NamespaceClient : INamespaceScope
{
    private readonly Connection _connection;
    private readonly RpcHeaders _headers;

    internal NamespaceClient(Connection connection, Namespace ns, string? leaseId)
    {
        _connection = connection;
        _headers = new RpcHeaders(ns.ToString(), leaseId);
        Namespace = ns;
        LeaseId = leaseId;
        Content = new RemoteContentStore(connection, _headers);
        Images = new RemoteImageStore(connection, _headers);
        Containers = new RemoteContainerStore(connection, _headers);
        Sandboxes = new RemoteSandboxStore(connection, _headers);
        Leases = new RemoteLeaseStore(connection, _headers);
        Mounts = new RemoteActivationStore(connection, _headers);
        Differ = new RemoteDiffer(connection, _headers);
        Tasks = new TaskClient(connection, _headers);
        Transfers = new TransferClient(connection, _headers);
    }

    /// <inheritdoc/>
    public Namespace Namespace { get; }

    /// <inheritdoc/>
    public string? LeaseId { get; }

    /// <inheritdoc/>
    public IContentStore Content { get; }

    /// <inheritdoc/>
    public IImageStore Images { get; }

    /// <inheritdoc/>
    public IContainerStore Containers { get; }

    /// <inheritdoc/>
    public ISandboxStore Sandboxes { get; }

    /// <inheritdoc/>
    public ILeaseStore Leases { get; }

    /// <inheritdoc/>
    public IActivationStore Mounts { get; }

    /// <summary>The daemon's differ, which unpacks layers where the daemon runs.</summary>
    public IDiffer Differ { get; }

    /// <summary>The running side of the containers.</summary>
    public TaskClient Tasks { get; }

    /// <summary>Images that the daemon itself moves.</summary>
    public TransferClient Transfers { get; }

    /// <inheritdoc/>
    public ISnapshotter Snapshots(string snapshotter) => new RemoteSnapshotter(_connection, _headers, snapshotter);
}
