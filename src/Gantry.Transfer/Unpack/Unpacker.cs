using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Transfer.Pull;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Transfer.Unpack;

/// <summary>Makes snapshots of the layers of an image, each named by its chain id.</summary>
/// <param name="differs">Makes what applies layers, for a namespace under a lease.</param>
/// <param name="time">The clock; null for the system's.</param>
/// <param name="logger">Where it is told what could not be cleaned up; null for nowhere.</param>
[SuppressMessage("Design", "CA1001", Justification = "See _applies.")]
public sealed class Unpacker(
    Func<INamespaceScope, IDiffer> differs,
    TimeProvider? time = null,
    ILogger? logger = null)
{
    /// <summary>The snapshotter that layers may be unpacked into before those below them.</summary>
    private const string Detaching = "overlayfs";

    /// <summary>Two threads work on a layer, and what is inflated at once takes memory: the window of zstd alone may be 8 MB.</summary>
    private static readonly int MaxApplies = Math.Clamp(Environment.ProcessorCount, 2, 8);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ILogger _logger = logger ?? NullLogger.Instance;
    private readonly KeyedLock _chains = new();

    // Nobody asks for its handle, and so there is nothing to dispose of.
    private readonly SemaphoreSlim _applies = new(MaxApplies);

    /// <summary>Unpacks all layers that are not unpacked yet.</summary>
    /// <remarks>
    /// For all layers at once, but for a remote snapshotter, which is asked for one after the other:
    /// <list type="number">
    /// <item>if its chain id is a snapshot, it is done;</item>
    /// <item>wait until the layer can be read; with a remote snapshotter only after the next step;</item>
    /// <item>prepare a snapshot, under a key that nobody else has: a detached one, if the snapshotter can do that, or else
    /// one on the chain below, once that is there. A remote snapshotter may say that it has the chain already;</item>
    /// <item>apply the layer; the last one of those that are not detached is synced, and with it all of the filesystem;</item>
    /// <item>check the digest of what was applied against the config. A layer that came meanwhile is in the content store
    /// by now, its own digest checked: applying it does not end before that;</item>
    /// <item>when the chain below is there, commit it under its chain id; if another was first, throw ours away.</item>
    /// </list>
    /// A layer that needs those below it while it is applied is thrown away and begun anew on its parent. At the end the
    /// config refers to the topmost snapshot. After a failure the snapshots that were begun are gone, and those that are
    /// whole stay for the next attempt as long as the lease does.
    /// </remarks>
    /// <param name="scope">The namespace, under the lease that keeps the snapshots.</param>
    /// <param name="manifest">The manifest.</param>
    /// <param name="config">Its config.</param>
    /// <param name="snapshotter">Where to.</param>
    /// <param name="layerReady">
    /// Waits until a layer, by its index, can be read: it is in the content store, or what is returned reads it while it
    /// comes. Null if all are in the store.
    /// </param>
    /// <param name="progress">Is told of each layer; null for nobody.</param>
    /// <param name="remote">What a remote snapshotter is told of the image; null if it is to be told nothing.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The chain id of all layers; empty if there are none.</returns>
    /// <exception cref="GantryException">
    /// InvalidArgument: manifest and config do not fit, or no such snapshotter; FailedPrecondition: a layer is not what
    /// the config says; what the differ and the snapshotter say.
    /// </exception>
    public async Task<Digest> UnpackAsync(
        INamespaceScope scope,
        ImageManifest manifest,
        ImageConfig config,
        string snapshotter,
        Func<int, Task<IArrivingBlob?>>? layerReady,
        IProgress<PullProgress>? progress,
        RemoteSource? remote,
        CancellationToken cancellationToken)
    {
        if (manifest.Layers.Count != config.DiffIds.Count)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                $"number of layers and diffIDs don't match: {manifest.Layers.Count} != {config.DiffIds.Count}");
        }

        IReadOnlyList<Digest> chain = ChainId.All(config.DiffIds);
        IReadOnlyList<UnpackLayer> layers =
        [
            .. chain.Select((id, i) => new UnpackLayer(
                manifest.Layers[i],
                config.DiffIds[i],
                id.ToString(),
                i == 0 ? "" : chain[i - 1].ToString(),
                IsLast: i == chain.Count - 1,
                remote is null ? [] : remote.LabelsOf(manifest.Layers, i))),
        ];
        ISnapshotter snapshots = scope.Snapshots(snapshotter);
        IDiffer differ = differs(scope);
        using CancellationTokenSource all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> unpacks = [];
        for (int i = 0; i < layers.Count; i++)
        {
            int index = i;
            Task<IArrivingBlob?> Ready() => layerReady?.Invoke(index) ?? Task.FromResult<IArrivingBlob?>(null);
            Task below = i == 0 ? Task.CompletedTask : unpacks[i - 1];
            LayerUnpack unpack = new(snapshots, differ, layers[i], _applies, _time, _logger);
            unpacks.Add(UnpackLayerAsync(scope, snapshotter, layers[i], unpack, below, Ready, progress, all.Token));
            if (layers[i].IsRemote)
            {
                await unpacks[i];
            }
        }

        await FirstFailure.AllAsync(unpacks, all);
        cancellationToken.ThrowIfCancellationRequested();
        if (chain.Count == 0)
        {
            return default;
        }

        await LabelAsync(
            scope.Content,
            manifest.Config.Digest,
            WellKnownLabels.GcRefSnapshot + snapshotter,
            chain[^1].ToString(),
            cancellationToken);
        return chain[^1];
    }

    /// <summary>Unpacks all layers that are not unpacked yet, into a snapshotter that is told nothing of the image.</summary>
    /// <param name="scope">The namespace, under the lease that keeps the snapshots.</param>
    /// <param name="manifest">The manifest.</param>
    /// <param name="config">Its config.</param>
    /// <param name="snapshotter">Where to.</param>
    /// <param name="layerReady">
    /// Waits until a layer, by its index, can be read: it is in the content store, or what is returned reads it while it
    /// comes. Null if all are in the store.
    /// </param>
    /// <param name="progress">Is told of each layer; null for nobody.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The chain id of all layers; empty if there are none.</returns>
    public Task<Digest> UnpackAsync(
        INamespaceScope scope,
        ImageManifest manifest,
        ImageConfig config,
        string snapshotter,
        Func<int, Task<IArrivingBlob?>>? layerReady,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken) =>
        UnpackAsync(scope, manifest, config, snapshotter, layerReady, progress, remote: null, cancellationToken);

    private static async Task LabelAsync(
        IContentStore content,
        Digest digest,
        string key,
        string value,
        CancellationToken cancellationToken)
    {
        ContentInfo info = await content.InfoAsync(digest, cancellationToken);
        if (info.Labels.GetValueOrDefault(key) != value)
        {
            await content.UpdateAsync(
                info with { Labels = ImmutableDictionary<string, string>.Empty.Add(key, value) },
                new FieldMask(["labels." + key]),
                cancellationToken);
        }
    }

    private async Task UnpackLayerAsync(
        INamespaceScope scope,
        string snapshotter,
        UnpackLayer layer,
        LayerUnpack unpack,
        Task below,
        Func<Task<IArrivingBlob?>> ready,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        // Within this process a chain is unpacked by one caller; the others find it made. Who has a chain waits only for
        // those below it.
        using IDisposable only = await _chains.AcquireAsync(
            $"{scope.Namespace} {snapshotter} {layer.Chain}", cancellationToken);

        // Step 1: it may be there. It goes to the lease first, so that it is not collected once it was seen.
        if (scope.LeaseId is { } lease)
        {
            await scope.Leases.AddResourceAsync(
                lease, new LeaseResource(layer.Chain, "snapshots/" + snapshotter), cancellationToken);
        }

        if (await unpack.IsThereAsync(cancellationToken))
        {
            if (!layer.IsRemote)
            {
                await (await ready() is { } known ? known.Whole : Task.CompletedTask);
            }

            Report(progress, layer, PullState.Done);
            return;
        }

        // Step 2
        IArrivingBlob? arriving = layer.IsRemote ? null : await ready();
        Task telling = layer.IsRemote ? Task.CompletedTask : TellUnpackingAsync(arriving, progress, layer);

        // Steps 3 to 6
        UnpackOutcome outcome = snapshotter == Detaching && layer.CanBeDetached
            ? await unpack.TryDetachedAsync(below, arriving, cancellationToken)
            : UnpackOutcome.NeedsParent;
        if (outcome == UnpackOutcome.NeedsParent)
        {
            outcome = await unpack.OnParentAsync(below, ready, cancellationToken);
        }

        await telling;
        if (outcome == UnpackOutcome.Applied)
        {
            await LabelAsync(
                scope.Content,
                layer.Descriptor.Digest,
                WellKnownLabels.Uncompressed,
                layer.DiffId.ToString(),
                cancellationToken);
        }

        Report(progress, layer, PullState.Done);
    }

    // A layer that comes is told of as that until it is here.
    private static async Task TellUnpackingAsync(
        IArrivingBlob? arriving, IProgress<PullProgress>? progress, UnpackLayer layer)
    {
        if (arriving is not null)
        {
            await arriving.Whole.ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        if (arriving is null || arriving.Whole.IsCompletedSuccessfully)
        {
            Report(progress, layer, PullState.Unpacking);
        }
    }

    private static void Report(IProgress<PullProgress>? progress, UnpackLayer layer, PullState state) =>
        progress?.Report(new PullProgress(
            IngestRef.Of(layer.Descriptor), layer.Descriptor.Digest, layer.Descriptor.Size, layer.Descriptor.Size, state));
}
