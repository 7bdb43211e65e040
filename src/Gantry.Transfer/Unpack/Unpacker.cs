using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Gantry.Core;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Leases;
using Gantry.Core.Metadata;
using Gantry.Core.Mounts;
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
public sealed class Unpacker(
    Func<INamespaceScope, IDiffer> differs,
    TimeProvider? time = null,
    ILogger? logger = null)
{
    private const int MaxPrepareAttempts = 3;

    private static readonly TimeSpan CleanupLimit = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ILogger _logger = logger ?? NullLogger.Instance;
    private readonly KeyedLock _chains = new();

    /// <summary>Unpacks all layers that are not unpacked yet.</summary>
    /// <remarks>
    /// For each layer, lowest first:
    /// <list type="number">
    /// <item>if its chain id is a snapshot, go on to the next;</item>
    /// <item>wait until the layer is in the content store; with a remote snapshotter only after the next step;</item>
    /// <item>prepare a snapshot on the chain below, under a key that nobody else has; a remote snapshotter may say that it
    /// has the chain already, and then go on to the next;</item>
    /// <item>apply the layer; the last one is synced, and with it all of the filesystem;</item>
    /// <item>check the digest of what was applied against the config;</item>
    /// <item>commit it under its chain id; if another was first, throw ours away.</item>
    /// </list>
    /// At the end the config refers to the topmost snapshot. After a failure the snapshot that was begun is gone, and
    /// those below it stay for the next attempt as long as the lease does.
    /// </remarks>
    /// <param name="scope">The namespace, under the lease that keeps the snapshots.</param>
    /// <param name="manifest">The manifest.</param>
    /// <param name="config">Its config.</param>
    /// <param name="snapshotter">Where to.</param>
    /// <param name="layerReady">Waits until a layer, by its index, is in the content store; null if all are.</param>
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
        Func<int, Task>? layerReady,
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

        ISnapshotter snapshots = scope.Snapshots(snapshotter);
        IDiffer differ = differs(scope);
        IReadOnlyList<Digest> chain = ChainId.All(config.DiffIds);
        for (int i = 0; i < chain.Count; i++)
        {
            Layer layer = new(
                manifest.Layers[i],
                config.DiffIds[i],
                chain[i].ToString(),
                i == 0 ? "" : chain[i - 1].ToString(),
                IsLast: i == chain.Count - 1,
                remote is null ? [] : remote.LabelsOf(manifest.Layers, i));
            int index = i;
            Task Ready() => layerReady?.Invoke(index) ?? Task.CompletedTask;
            await UnpackLayerAsync(scope, snapshotter, snapshots, differ, layer, Ready, progress, cancellationToken);
        }

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
    /// <param name="layerReady">Waits until a layer, by its index, is in the content store; null if all are.</param>
    /// <param name="progress">Is told of each layer; null for nobody.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The chain id of all layers; empty if there are none.</returns>
    public Task<Digest> UnpackAsync(
        INamespaceScope scope,
        ImageManifest manifest,
        ImageConfig config,
        string snapshotter,
        Func<int, Task>? layerReady,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken) =>
        UnpackAsync(scope, manifest, config, snapshotter, layerReady, progress, remote: null, cancellationToken);

    private static async Task<bool> ExistsAsync(
        ISnapshotter snapshots,
        string name,
        CancellationToken cancellationToken)
    {
        try
        {
            await snapshots.StatAsync(name, cancellationToken);
            return true;
        }
        catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
        {
            return false;
        }
    }

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
        ISnapshotter snapshots,
        IDiffer differ,
        Layer layer,
        Func<Task> ready,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        // Within this process a chain is unpacked by one caller; the others find it made.
        using IDisposable only = await _chains.AcquireAsync(
            $"{scope.Namespace} {snapshotter} {layer.Chain}", cancellationToken);

        // Step 1: it may be there. It goes to the lease first, so that it is not collected once it was seen.
        if (scope.LeaseId is { } lease)
        {
            await scope.Leases.AddResourceAsync(
                lease, new LeaseResource(layer.Chain, "snapshots/" + snapshotter), cancellationToken);
        }

        if (await ExistsAsync(snapshots, layer.Chain, cancellationToken))
        {
            await (layer.IsRemote ? Task.CompletedTask : ready());
            Report(progress, layer, PullState.Done);
            return;
        }

        // Step 2
        if (!layer.IsRemote)
        {
            await ready();
            Report(progress, layer, PullState.Unpacking);
        }

        // Step 3
        (string key, IReadOnlyList<Mount> mounts)? prepared = await PrepareAsync(snapshots, layer, cancellationToken);
        if (prepared is var (activeKey, activeMounts))
        {
            await ApplyAsync(snapshots, differ, layer, activeKey, activeMounts, ready, cancellationToken);
            await LabelAsync(
                scope.Content,
                layer.Descriptor.Digest,
                WellKnownLabels.Uncompressed,
                layer.DiffId.ToString(),
                cancellationToken);
        }

        Report(progress, layer, PullState.Done);
    }

    // Null when the snapshotter has the chain already: a remote one says so by refusing.
    private async Task<(string Key, IReadOnlyList<Mount> Mounts)?> PrepareAsync(
        ISnapshotter snapshots,
        Layer layer,
        CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            string key = NewKey(layer.Chain);
            try
            {
                return (key, await snapshots.PrepareAsync(key, layer.Parent, Labels(layer), cancellationToken));
            }
            catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
            {
                if (await ExistsAsync(snapshots, layer.Chain, cancellationToken))
                {
                    return null;
                }

                if (attempt == MaxPrepareAttempts)
                {
                    throw;
                }
            }
        }
    }

    private async Task ApplyAsync(
        ISnapshotter snapshots,
        IDiffer differ,
        Layer layer,
        string key,
        IReadOnlyList<Mount> mounts,
        Func<Task> ready,
        CancellationToken cancellationToken)
    {
        bool committed = false;
        try
        {
            // Step 2 of a remote snapshotter's layer, which it turned out not to have.
            if (layer.IsRemote)
            {
                await ready();
            }

            // Step 4
            Descriptor applied = await differ.ApplyAsync(
                layer.Descriptor,
                mounts,
                new UnpackOptions { SyncFilesystem = layer.IsLast },
                cancellationToken);

            // Step 5
            if (applied.Digest != layer.DiffId)
            {
                throw new GantryException(
                    ErrorKind.FailedPrecondition,
                    $"wrong diff id calculated on extraction \"{applied.Digest}\", expected \"{layer.DiffId}\" "
                    + $"for layer {layer.Descriptor.Digest}");
            }

            // Step 6
            await snapshots.CommitAsync(layer.Chain, key, "", Labels(layer), cancellationToken);
            committed = true;
        }
        catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
        {
            // Another process was first; ours is thrown away below.
        }
        finally
        {
            if (!committed)
            {
                await RemoveAsync(snapshots, key);
            }
        }
    }

    private async Task RemoveAsync(ISnapshotter snapshots, string key)
    {
        using CancellationTokenSource limit = new(CleanupLimit, _time);
        try
        {
            await snapshots.RemoveAsync(key, limit.Token);
        }
        catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
        {
            // Nothing to remove.
        }
        catch (Exception e) when (e is GantryException or OperationCanceledException or IOException)
        {
            // The first error is the one to show; the lease lets the snapshot go when it runs out.
            _logger.LeftBehind($"snapshot {key}", e.Message);
        }
    }

    private string NewKey(string chain)
    {
        long nanosecond = _time.GetUtcNow().Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick;
        string random = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(6));
        return $"extract-{nanosecond}-{random} {chain}";
    }

    /// <summary>What a snapshotter is told: the name it is to have, and what the image itself says to snapshotters.</summary>
    private static ImmutableDictionary<string, string> Labels(Layer layer) =>
        ImmutableDictionary.CreateRange(
                layer.Descriptor.Annotations.Where(annotation =>
                    annotation.Key.StartsWith(WellKnownLabels.SnapshotPrefix, StringComparison.Ordinal)
                    && annotation.Key.Length + annotation.Value.Length <= LabelRules.MaxBytes / 4))
            .SetItems(layer.Remote)
            .SetItem(WellKnownLabels.SnapshotRef, layer.Chain);

    private static void Report(IProgress<PullProgress>? progress, Layer layer, PullState state) =>
        progress?.Report(new PullProgress(
            IngestRef.Of(layer.Descriptor), layer.Descriptor.Digest, layer.Descriptor.Size, layer.Descriptor.Size, state));

    private sealed record Layer(
        Descriptor Descriptor,
        Digest DiffId,
        string Chain,
        string Parent,
        bool IsLast,
        IReadOnlyCollection<KeyValuePair<string, string>> Remote)
    {
        public bool IsRemote => Remote.Count > 0;
    }
}
