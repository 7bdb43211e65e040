using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Sandboxes;
using Gantry.Core.Snapshots;

namespace Gantry.Server.Publishing;

/// <summary>
/// Everything durable, where each change to content, images and snapshots is told as an event, whoever makes it: a client by
/// its own call, or a transfer on a client's behalf.
/// </summary>
/// <param name="metadata">Everything durable.</param>
/// <param name="events">Tells of changes.</param>
internal sealed class PublishedMetadata(IMetadata metadata, EventPublisher events) : IMetadata
{
    /// <inheritdoc/>
    public INamespaceStore Namespaces => metadata.Namespaces;

    /// <inheritdoc/>
    public INamespaceScope In(Namespace ns, string? leaseId = null) => new Scope(metadata.In(ns, leaseId), events);

    private sealed class Scope(INamespaceScope scope, EventPublisher events) : INamespaceScope
    {
        public Namespace Namespace => scope.Namespace;

        public string? LeaseId => scope.LeaseId;

        public IContentStore Content => new PublishedContent(scope.Content, scope.Namespace, events);

        public IImageStore Images => new PublishedImages(scope.Images, scope.Namespace, events);

        public IContainerStore Containers => scope.Containers;

        public ILeaseStore Leases => scope.Leases;

        public ISandboxStore Sandboxes => scope.Sandboxes;

        public IActivationStore Mounts => scope.Mounts;

        public ISnapshotter Snapshots(string snapshotter) =>
            new PublishedSnapshotter(scope.Snapshots(snapshotter), snapshotter, scope.Namespace, events);
    }
}
