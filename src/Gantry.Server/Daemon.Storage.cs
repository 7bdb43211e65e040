using Gantry.Core.Snapshots;
using Gantry.Runtime.Mounts;
using Gantry.Server.Hosting;
using Gantry.Server.Proxies;
using Gantry.Storage.Bolt;
using Gantry.Storage.Metadata;

namespace Gantry.Server;

/// <content>The root and everything durable in it.</content>
public sealed partial class Daemon
{
    /// <summary>Makes the root, and locks it.</summary>
    /// <returns>What containerd left there; null when it left nothing.</returns>
    private BoltFile? TakeRoot()
    {
        DaemonDirectories.MakeRoot(_config, _made);
        Own(RootLock.Take(_config.Root));
        RootFormat.Mark(_config.Root);
        BoltFile? containerd = AdoptedRoot.Open(_config, _time, _logger);
        if (containerd is not null)
        {
            Own(containerd);
        }

        return containerd;
    }

    private async Task<DaemonStorage> OpenStorageAsync(BoltFile? containerd, CancellationToken cancellationToken)
    {
        SnapshotterSet snapshotters = SnapshotterSet.Open(_config, _loggers, _time);
        Own(snapshotters);
        ProxyBlobStore? blobs = ContentSource.Open(_config, _time);
        if (blobs is not null)
        {
            Own(blobs);
        }

        ContentSource.Mark(_config.Root, blobs, _logger);
        MountDriver activator = new(
            Path.Combine(_config.State, "io.containerd.mount-manager.v1.bolt", "t"), _config.Root, _time);
        MetadataStore metadata = await MetadataStore.OpenAsync(
            StoreOptions(snapshotters.Drivers) with { Blobs = blobs, Mounts = activator },
            cancellationToken);
        Own(metadata);
        AdoptedRoot.Check(containerd, metadata.Adopted, _logger);
        return new DaemonStorage(snapshotters, blobs, activator, metadata);
    }

    private MetadataStoreOptions StoreOptions(IReadOnlyList<ISnapshotDriver> drivers) => new(_config.Root)
    {
        Drivers = drivers,
        Time = _time,
        LoggerFactory = _loggers,
        ContentSharing = _config.ShareContent ? ContentSharing.Shared : ContentSharing.Isolated,
        Collector = _config.Gc,
    };

    private sealed record DaemonStorage(
        SnapshotterSet Snapshotters, ProxyBlobStore? Blobs, MountDriver Activator, MetadataStore Metadata);
}
