using System.Security.Cryptography;
using Gantry.Client.Internal;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Plugins;
using Gantry.Core.Snapshots;
using Gantry.Linux;
using Gantry.Oci.Runtime;

namespace Gantry.Client.Containers;

/// <summary>
/// Snapshots for containers with a user namespace: their files belong to the ids that the namespace has. It has to run
/// where the daemon runs, with the right to change owners.
/// </summary>
/// <remarks>
/// A snapshotter that says <c>remap-ids</c> is told the ranges by labels and maps the owners as it mounts: the layers stay
/// as they are. For another, a copy of the parent's owners is made once and committed, as a snapshot that all containers
/// with the same ranges share and that the collector removes after the last of them.
/// </remarks>
public static class RemappedSnapshots
{
    /// <summary>The label that tells a snapshotter the ranges of user ids.</summary>
    public const string UidLabel = "containerd.io/snapshot/uidmapping";

    /// <summary>The label that tells a snapshotter the ranges of group ids.</summary>
    public const string GidLabel = "containerd.io/snapshot/gidmapping";

    /// <summary>Whether a snapshotter maps owners by labels.</summary>
    /// <param name="client">The daemon.</param>
    /// <param name="snapshotter">The snapshotter.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<bool> AreMountedAsync(
        GantryClient client,
        string snapshotter,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        IReadOnlyList<PluginInfo> plugins = await client.PluginsAsync(
            [$"type==io.containerd.snapshotter.v1,id=={snapshotter}"], cancellationToken).ConfigureAwait(false);
        return plugins.Any(p => p.Capabilities.Contains("remap-ids"));
    }

    /// <summary>The labels that tell a snapshotter the ranges.</summary>
    /// <param name="uids">The user ids.</param>
    /// <param name="gids">The group ids.</param>
    public static IReadOnlyDictionary<string, string> Labels(
        IReadOnlyList<SpecIdMapping> uids,
        IReadOnlyList<SpecIdMapping> gids) => new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [UidLabel] = IdRanges.Format(uids),
            [GidLabel] = IdRanges.Format(gids),
        };

    /// <summary>
    /// Finds or makes the committed snapshot that has a parent's files with mapped owners, by changing every owner.
    /// </summary>
    /// <param name="snapshots">The snapshotter, under a lease.</param>
    /// <param name="parent">The parent, committed.</param>
    /// <param name="uids">The user ids.</param>
    /// <param name="gids">The group ids.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Its name, to be a parent.</returns>
    /// <exception cref="GantryException">NotFound: no such parent; InvalidArgument: a file's owner is not mapped.</exception>
    /// <exception cref="LinuxException">An owner can't be changed.</exception>
    public static async Task<string> ChangeOwnersAsync(
        ISnapshotter snapshots,
        string parent,
        IReadOnlyList<SpecIdMapping> uids,
        IReadOnlyList<SpecIdMapping> gids,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshots);
        string name = $"{parent}-{IdRanges.Format(uids)}-{IdRanges.Format(gids)}";
        if (await ExistsAsync(snapshots, name, cancellationToken).ConfigureAwait(false))
        {
            return name;
        }

        string key = $"{name}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";
        IReadOnlyList<Mount> mounts =
            await snapshots.PrepareAsync(key, parent, new Dictionary<string, string>(), cancellationToken)
                .ConfigureAwait(false);
        try
        {
            using (TemporaryMount mounted = TemporaryMount.Of(mounts, readOnly: false))
            {
                OwnerShift.Run(mounted.Path, uids, gids, cancellationToken);
            }

            await snapshots.CommitAsync(name, key, "", new Dictionary<string, string>(), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await snapshots.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);

            // Another has made the same at the same time.
            if (e is not GantryException { Kind: ErrorKind.AlreadyExists })
            {
                throw;
            }
        }

        return name;
    }

    private static async Task<bool> ExistsAsync(
        ISnapshotter snapshots,
        string name,
        CancellationToken cancellationToken)
    {
        try
        {
            return (await snapshots.StatAsync(name, cancellationToken).ConfigureAwait(false)).Kind
                is SnapshotKind.Committed;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            return false;
        }
    }
}
