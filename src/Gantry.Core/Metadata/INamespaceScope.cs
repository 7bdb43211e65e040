using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Sandboxes;
using Gantry.Core.Snapshots;

namespace Gantry.Core.Metadata;

/// <summary>
/// Everything durable of one namespace, seen under one lease: whatever is made through it is added to that lease. It is
/// cheap to make and holds nothing. The daemon's metadata and the client library both offer it, so what is written
/// against it (pulling, unpacking) runs on either side of the socket.
/// </summary>
public interface INamespaceScope
{
    /// <summary>The namespace.</summary>
    Namespace Namespace { get; }

    /// <summary>The lease that new objects are added to; null for none.</summary>
    string? LeaseId { get; }

    /// <summary>Blobs and ingests.</summary>
    IContentStore Content { get; }

    /// <summary>Images.</summary>
    IImageStore Images { get; }

    /// <summary>Containers.</summary>
    IContainerStore Containers { get; }

    /// <summary>Records of sandboxes.</summary>
    ISandboxStore Sandboxes { get; }

    /// <summary>Leases.</summary>
    ILeaseStore Leases { get; }

    /// <summary>Mounts that are active.</summary>
    IActivationStore Mounts { get; }

    /// <summary>The snapshots of a snapshotter.</summary>
    /// <param name="snapshotter">Such as <c>overlayfs</c>.</param>
    /// <exception cref="GantryException">InvalidArgument: <c>snapshotter not loaded: X</c>.</exception>
    ISnapshotter Snapshots(string snapshotter);
}
