using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Gantry.Core.Content;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Labels;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Microsoft.Extensions.Logging;

namespace Gantry.Transfer.Unpack;

/// <summary>The steps by which one layer becomes a snapshot; their numbers are those of <see cref="Unpacker"/>.</summary>
/// <param name="snapshots">Where to.</param>
/// <param name="differ">Applies it.</param>
/// <param name="layer">The layer.</param>
/// <param name="applies">How many layers are applied at once.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it is told what could not be cleaned up.</param>
internal sealed class LayerUnpack(
    ISnapshotter snapshots,
    IDiffer differ,
    UnpackLayer layer,
    SemaphoreSlim applies,
    TimeProvider time,
    ILogger logger)
{
    private const int MaxPrepareAttempts = 3;

    private static readonly TimeSpan CleanupLimit = TimeSpan.FromSeconds(30);

    /// <summary>Whether the snapshot is there.</summary>
    public async Task<bool> IsThereAsync(CancellationToken cancellationToken)
    {
        try
        {
            await snapshots.StatAsync(layer.Chain, cancellationToken);
            return true;
        }
        catch (GantryException e) when (e.Kind == ErrorKind.NotFound)
        {
            return false;
        }
    }

    /// <summary>Makes it without waiting for the one below, but at the end.</summary>
    /// <param name="below">Ends when the snapshot below is there.</param>
    /// <param name="arriving">The layer as it comes; null when it is in the content store.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<UnpackOutcome> TryDetachedAsync(
        Task below, IArrivingBlob? arriving, CancellationToken cancellationToken)
    {
        ImmutableDictionary<string, string> labels = layer.Labels().Add(
            WellKnownLabels.Detached, layer.IsLast ? "true" : WellKnownLabels.DetachedInner);
        if (await PrepareAsync("", labels, cancellationToken) is not var (key, mounts))
        {
            await below;
            return UnpackOutcome.WasThere;
        }

        bool isDetached = false;
        async Task<bool> ApplyAsync()
        {
            isDetached = mounts is [{ Type: "overlay" } mount]
                && mount.Options.Any(o => o.StartsWith(DetachedNote.MountOption, StringComparison.Ordinal));
            if (isDetached)
            {
                await ApplyToAsync(mounts, syncs: false, arriving, cancellationToken);
                await below;
            }

            return isDetached;
        }

        try
        {
            await CommitAfterAsync(ApplyAsync, key, layer.Parent, cancellationToken);
            return isDetached ? UnpackOutcome.Applied : UnpackOutcome.NeedsParent;
        }
        catch (GantryException e) when (isDetached && !below.IsFaulted)
        {
            // It has need of those below, or a differ of another program does not know what to do. What is wrong with the
            // layer itself shows on the parent, too.
            logger.NotDetached(layer.Descriptor.Digest.ToString(), e.Message);
            return UnpackOutcome.NeedsParent;
        }
    }

    /// <summary>Makes it on top of the one below.</summary>
    /// <param name="below">Ends when the snapshot below is there.</param>
    /// <param name="ready">Waits until the layer can be read, which a remote snapshotter may turn out not to have.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<UnpackOutcome> OnParentAsync(
        Task below, Func<Task<IArrivingBlob?>> ready, CancellationToken cancellationToken)
    {
        await below;
        if (await PrepareAsync(layer.Parent, layer.Labels(), cancellationToken) is not var (key, mounts))
        {
            return UnpackOutcome.WasThere;
        }

        async Task<bool> ApplyAsync()
        {
            await ApplyToAsync(mounts, layer.IsLast, await ready(), cancellationToken);
            return true;
        }

        await CommitAfterAsync(ApplyAsync, key, "", cancellationToken);
        return UnpackOutcome.Applied;
    }

    // Step 3. Null when the snapshotter has the chain already: a remote one says so by refusing.
    private async Task<(string Key, IReadOnlyList<Mount> Mounts)?> PrepareAsync(
        string parent,
        ImmutableDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            string key = NewKey();
            try
            {
                return (key, await snapshots.PrepareAsync(key, parent, labels, cancellationToken));
            }
            catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
            {
                if (await IsThereAsync(cancellationToken))
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

    private async Task ApplyToAsync(
        IReadOnlyList<Mount> mounts, bool syncs, IArrivingBlob? arriving, CancellationToken cancellationToken)
    {
        // Step 4
        ApplySlot slot = new(applies, time);
        await slot.TakeAsync(cancellationToken);
        Descriptor applied;
        try
        {
            applied = await differ.ApplyAsync(
                layer.Descriptor,
                mounts,
                new UnpackOptions { SyncFilesystem = syncs, Arriving = slot.Over(arriving) },
                cancellationToken);
        }
        finally
        {
            slot.Leave();
        }

        // Step 5
        if (applied.Digest != layer.DiffId)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"wrong diff id calculated on extraction \"{applied.Digest}\", expected \"{layer.DiffId}\" "
                + $"for layer {layer.Descriptor.Digest}");
        }
    }

    // Step 6, unless the layer was not applied. What is not committed is removed.
    private async Task CommitAfterAsync(
        Func<Task<bool>> apply,
        string key,
        string parent,
        CancellationToken cancellationToken)
    {
        bool committed = false;
        try
        {
            if (await apply())
            {
                await snapshots.CommitAsync(layer.Chain, key, parent, layer.Labels(), cancellationToken);
                committed = true;
            }
        }
        catch (GantryException e) when (e.Kind == ErrorKind.AlreadyExists)
        {
            // Another process was first; ours is thrown away below.
        }
        finally
        {
            if (!committed)
            {
                await RemoveAsync(key);
            }
        }
    }

    private async Task RemoveAsync(string key)
    {
        using CancellationTokenSource limit = new(CleanupLimit, time);
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
            logger.LeftBehind($"snapshot {key}", e.Message);
        }
    }

    private string NewKey()
    {
        long nanosecond = time.GetUtcNow().Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick;
        string random = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(6));
        return $"extract-{nanosecond}-{random} {layer.Chain}";
    }
}
