using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Sandboxes;
using Gantry.Core.Snapshots;
using Gantry.Storage.Containers;
using Gantry.Storage.Content;
using Gantry.Storage.Images;
using Gantry.Storage.Leases;
using Gantry.Storage.Mounts;
using Gantry.Storage.Sandboxes;
using Gantry.Storage.Snapshots;

namespace Gantry.Storage.Metadata;

/// <inheritdoc cref="INamespaceScope"/>
internal sealed class NamespaceScope(Namespace ns, ScopeContext context) : INamespaceScope
{
    /// <inheritdoc/>
    public Namespace Namespace => ns;

    /// <inheritdoc/>
    public string? LeaseId => context.Lease;

    /// <inheritdoc/>
    public IContentStore Content => new ContentStore(context);

    /// <inheritdoc/>
    public IImageStore Images => new ImageStore(context);

    /// <inheritdoc/>
    public IContainerStore Containers => new ContainerStore(context);

    /// <inheritdoc/>
    public ISandboxStore Sandboxes => new SandboxStore(context);

    /// <inheritdoc/>
    public ILeaseStore Leases => new LeaseStore(context);

    /// <inheritdoc/>
    public IActivationStore Mounts => new ActivationStore(context);

    /// <inheritdoc/>
    public ISnapshotter Snapshots(string snapshotter) =>
        context.Drivers.TryGetValue(snapshotter, out ISnapshotDriver? driver)
            ? new Snapshotter(context, driver)
            : throw Snapshotter.NotLoaded(snapshotter);
}
