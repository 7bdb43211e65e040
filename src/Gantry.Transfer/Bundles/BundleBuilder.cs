using System.Globalization;
using System.Security.Cryptography;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;
using Gantry.Transfer.Images;
using Gantry.Transfer.Unpack;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Transfer.Bundles;

/// <summary>
/// Makes bundles of images, and takes them away. It works on the contracts of Core, where the daemon's files are: in the
/// daemon, or in a client on the same machine.
/// </summary>
/// <param name="scopes">The namespace, under a lease (by its id) or under none (null).</param>
/// <param name="differs">Makes what applies layers, for a namespace under a lease.</param>
/// <param name="users">Reads the users of a root filesystem.</param>
/// <param name="time">The clock; null for the system's.</param>
/// <param name="logger">Where it is told what could not be cleaned up; null for nowhere.</param>
public sealed class BundleBuilder(
    Func<string?, INamespaceScope> scopes,
    Func<INamespaceScope, IDiffer> differs,
    Func<IReadOnlyList<Mount>, UserDatabase> users,
    TimeProvider? time = null,
    ILogger? logger = null)
{
    private static readonly TimeSpan CleanupLimit = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ILogger _logger = logger ?? NullLogger.Instance;

    /// <summary>Makes a bundle.</summary>
    /// <remarks>
    /// <list type="number">
    /// <item>the directory, which must be empty;</item>
    /// <item>a lease keeps the image while it is read;</item>
    /// <item>the root filesystem: the layers one after another, or a snapshot of them, mounted;</item>
    /// <item><c>config.json</c> out of the image's config, and <c>bundle.json</c>.</item>
    /// </list>
    /// When it fails nothing is left.
    /// </remarks>
    /// <param name="request">What bundle.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="GantryException">
    /// FailedPrecondition: the directory is not empty, or a layer is not what the config says; what the stores say.
    /// </exception>
    public async Task<BundleRecord> CreateAsync(BundleRequest request, CancellationToken cancellationToken)
    {
        // Step 1
        BundleDirectory directory = request.Directory;
        bool isNew = directory.Create();
        BundleRecord record = NewRecord(request);
        try
        {
            // Step 2
            await using WorkLease lease =
                await WorkLease.CreateAsync(scopes(null).Leases, _time, _logger, cancellationToken);
            INamespaceScope scope = scopes(lease.Id);
            await scope.Leases.AddResourceAsync(
                lease.Id, new LeaseResource(record.ManifestDigest, "content"), cancellationToken);

            // Step 3
            if (request.Rootfs == BundleRootfs.Copy)
            {
                await ApplyAsync(scope, request, cancellationToken);
            }
            else
            {
                directory.Mount(await PrepareAsync(scope, request, record, cancellationToken));
            }

            // Step 4
            directory.Write(Spec(request, record), record);
            return record;
        }
        catch
        {
            directory.Undo(isNew);
            await RemoveSnapshotAsync(record);
            throw;
        }
    }

    /// <summary>Mounts the root filesystem again, after it was unmounted or the machine was started anew.</summary>
    /// <param name="directory">A bundle whose root filesystem is a mount.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">
    /// FailedPrecondition: it is a copy, or mounted; NotFound: its snapshot is gone.
    /// </exception>
    public async Task MountAsync(BundleDirectory directory, CancellationToken cancellationToken) =>
        directory.Mount(await UpperAsync(directory, RequireMount(directory), cancellationToken));

    /// <summary>Unmounts the root filesystem. The bundle stays as it is, and can be mounted again.</summary>
    /// <param name="directory">A bundle whose root filesystem is a mount.</param>
    /// <exception cref="GantryException">FailedPrecondition: it is a copy, or in use.</exception>
    public static void Unmount(BundleDirectory directory)
    {
        RequireMount(directory);
        directory.Unmount();
    }

    /// <summary>Takes a bundle away: mount, snapshot, directory.</summary>
    /// <param name="directory">The bundle.</param>
    /// <param name="cancellationToken">Ends the attempt; it can be taken up again.</param>
    /// <exception cref="GantryException">NotFound: it is no bundle; FailedPrecondition: it is in use.</exception>
    public async Task DeleteAsync(BundleDirectory directory, CancellationToken cancellationToken)
    {
        BundleRecord record = directory.ReadRecord();
        directory.Unmount();
        if (record.SnapshotKey.Length > 0)
        {
            try
            {
                await scopes(null).Snapshots(record.Snapshotter).RemoveAsync(record.SnapshotKey, cancellationToken);
            }
            catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
            {
                // It is gone already.
            }
        }

        directory.Delete();
    }

    /// <summary>The mounts that hold the root filesystem of a bundle as it is now.</summary>
    /// <param name="directory">The bundle.</param>
    /// <param name="record">Its record.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">NotFound: its snapshot is gone.</exception>
    public async Task<IReadOnlyList<Mount>> UpperAsync(
        BundleDirectory directory,
        BundleRecord record,
        CancellationToken cancellationToken) => record.Rootfs == BundleRootfs.Copy
        ? [new Mount("bind", directory.Rootfs, ["rbind", "ro"])]
        : await scopes(null).Snapshots(record.Snapshotter).MountsAsync(record.SnapshotKey, cancellationToken);

    private static BundleRecord RequireMount(BundleDirectory directory)
    {
        BundleRecord record = directory.ReadRecord();
        return record.Rootfs == BundleRootfs.Mount
            ? record
            : throw new GantryException(
                ErrorKind.FailedPrecondition, $"bundle \"{directory.Path}\": rootfs is a copy, not a mount");
    }

    private BundleRecord NewRecord(BundleRequest request)
    {
        ResolvedImage image = request.Image;
        return new BundleRecord
        {
            Namespace = scopes(null).Namespace.ToString(),
            Image = image.Record.Name,
            ManifestType = image.ManifestDescriptor.MediaType,
            ManifestDigest = image.ManifestDescriptor.Digest.ToString(),
            ManifestSize = image.ManifestDescriptor.Size,
            Parent = image.ChainId.ToString(),
            Snapshotter = request.Snapshotter,
            Rootfs = request.Rootfs,
            SnapshotKey = request.Rootfs == BundleRootfs.Mount
                ? $"bundle-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}"
                : "",
            CreatedAt = _time.GetUtcNow(),
        };
    }

    private async Task ApplyAsync(INamespaceScope scope, BundleRequest request, CancellationToken cancellationToken)
    {
        IDiffer differ = differs(scope);
        IReadOnlyList<Descriptor> layers = request.Image.Manifest.Layers;
        IReadOnlyList<Digest> diffIds = request.Image.Config.DiffIds;
        if (layers.Count != diffIds.Count)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"number of layers and diffIDs don't match: {layers.Count} != {diffIds.Count}");
        }

        Mount[] rootfs = [new Mount("bind", request.Directory.Rootfs, ["rbind", "rw"])];
        for (int i = 0; i < layers.Count; i++)
        {
            Descriptor applied = await differ.ApplyAsync(layers[i], rootfs, new UnpackOptions(), cancellationToken);
            if (applied.Digest != diffIds[i])
            {
                throw new GantryException(
                    ErrorKind.FailedPrecondition,
                    $"wrong diff id calculated on extraction \"{applied.Digest}\", expected \"{diffIds[i]}\" "
                    + $"for layer {layers[i].Digest}");
            }
        }
    }

    /// <summary>A snapshot that stays until the bundle is taken away, and keeps the image that packing needs.</summary>
    private async Task<IReadOnlyList<Mount>> PrepareAsync(
        INamespaceScope scope,
        BundleRequest request,
        BundleRecord record,
        CancellationToken cancellationToken)
    {
        await new Unpacker(differs, _time, _logger).UnpackAsync(
            scope,
            request.Image.Manifest,
            request.Image.Config,
            request.Snapshotter,
            layerReady: null,
            progress: null,
            cancellationToken);
        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            [WellKnownLabels.GcRoot] = _time.GetUtcNow().UtcDateTime.ToString(
                "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            [WellKnownLabels.GcRefContent + ".base"] = record.ManifestDigest,
            [WellKnownLabels.Bundle] = request.Directory.Path,
        };
        return await scope.Snapshots(request.Snapshotter).PrepareAsync(
            record.SnapshotKey, record.Parent, labels, cancellationToken);
    }

    private RuntimeSpec Spec(BundleRequest request, BundleRecord record)
    {
        ContainerDefaults defaults = request.Image.Config.Config;
        SpecUser user = users([new Mount("bind", request.Directory.Rootfs, ["rbind", "ro"])])
            .Resolve(request.User ?? defaults.User);
        string id = Path.GetFileName(request.Directory.Path);
        RuntimeSpec spec = SpecBuilder.Build(record.Namespace, id, defaults, user, request.Spec);

        // Each run of the bundle gets the control group that its runtime makes for it.
        return spec with { Linux = spec.Linux! with { CgroupsPath = null } };
    }

    private async Task RemoveSnapshotAsync(BundleRecord record)
    {
        if (record.SnapshotKey.Length == 0)
        {
            return;
        }

        using CancellationTokenSource limit = new(CleanupLimit, _time);
        try
        {
            await scopes(null).Snapshots(record.Snapshotter).RemoveAsync(record.SnapshotKey, limit.Token);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
        {
            // It was not made.
        }
        catch (Exception e) when (e is GantryException or OperationCanceledException or IOException)
        {
            // The first error is the one to show.
            _logger.LeftBehind($"snapshot {record.SnapshotKey}", e.Message);
        }
    }
}
