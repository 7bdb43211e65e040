using System.Collections.Immutable;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;

namespace Gantry.Core.Snapshots;

/// <summary>
/// The part of a snapshotter that knows directories and mounts. It keeps no records: which snapshot has which id, kind,
/// parent and labels is the metadata's business, in the same transaction as everything else. An id is a positive number
/// that is never used twice in one driver. A chain is a list of ids from the nearest parent to the farthest.
/// </summary>
public interface ISnapshotDriver
{
    /// <summary>The name of the snapshotter, such as <c>overlayfs</c>.</summary>
    string Name { get; }

    /// <summary>The directory that holds everything, shown to clients as export <c>root</c>.</summary>
    string Root { get; }

    /// <summary>Capabilities that clients are told of, such as <c>rebase</c>.</summary>
    IReadOnlyList<string> Capabilities { get; }

    /// <summary>Whether the directories are this machine's, made by this process, and not another program's.</summary>
    bool IsLocal => true;

    /// <summary>Makes the directories of an active snapshot or view. When it fails, nothing is left.</summary>
    /// <param name="id">The new id.</param>
    /// <param name="kind">Active or View.</param>
    /// <param name="parents">The chain below it; may be empty.</param>
    /// <param name="labels">Labels that the driver may look at.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="GantryException">
    /// AlreadyExists: the snapshot that label <c>containerd.io/snapshot.ref</c> names is there already, on the same
    /// chain, and the id now stands for it, committed. Only a driver of a remote snapshotter says so.
    /// </exception>
    Task CreateAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken);

    /// <summary>The same on behalf of a namespace: a driver that another program provides tells it that one.</summary>
    /// <param name="owner">The namespace.</param>
    /// <param name="id">The new id.</param>
    /// <param name="kind">Active or View.</param>
    /// <param name="parents">The chain below it; may be empty.</param>
    /// <param name="labels">Labels that the driver may look at.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task CreateAsync(
        Namespace owner,
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) => CreateAsync(id, kind, parents, labels, cancellationToken);

    /// <summary>Called before labels that the driver may look at are changed.</summary>
    /// <param name="id">The snapshot.</param>
    /// <param name="changed">Those that change, with their new values; an empty one for a label that goes.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task UpdateLabelsAsync(
        long id, IReadOnlyDictionary<string, string> changed, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The mounts of an active snapshot or view (WIRE: mount shapes).</summary>
    /// <param name="id">Its id.</param>
    /// <param name="kind">Active or View.</param>
    /// <param name="parents">The chain below it; may be empty.</param>
    /// <param name="labels">Labels that the driver may look at.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<IReadOnlyList<Mount>> MountsAsync(
        long id,
        SnapshotKind kind,
        IReadOnlyList<long> parents,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken);

    /// <summary>Labels that the driver itself shows on a snapshot.</summary>
    /// <param name="id">Its id.</param>
    IReadOnlyDictionary<string, string> OwnLabels(long id) => ImmutableDictionary<string, string>.Empty;

    /// <summary>Called before an active snapshot is recorded as committed; returns the space it takes.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="parents">The chain that it will have.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<SnapshotUsage> CommitAsync(long id, IReadOnlyList<long> parents, CancellationToken cancellationToken);

    /// <summary>The space that a snapshot takes now, without its parents.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="parents">The chain below it; may be empty.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<SnapshotUsage> UsageAsync(long id, IReadOnlyList<long> parents, CancellationToken cancellationToken);

    /// <summary>Sets the directories of a removed snapshot aside, in milliseconds; a worker removes them later.</summary>
    /// <param name="id">Its id; an id without directories is no error.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task RemoveAsync(long id, CancellationToken cancellationToken);

    /// <summary>
    /// Removes all that was set aside, and every directory whose id is not in <paramref name="known"/> and was made
    /// before the call; returns when it is done.
    /// </summary>
    /// <param name="known">Ids that have a record; null to remove only what was set aside.</param>
    /// <param name="cancellationToken">Ends the work; it can be taken up again.</param>
    Task CleanupAsync(IReadOnlySet<long>? known, CancellationToken cancellationToken);

    /// <summary>The greatest id that has a directory; 0 when there is none. New ids start above it.</summary>
    long GreatestId();

    /// <summary>The ids that have directories; null when the driver can't tell.</summary>
    IReadOnlySet<long>? ListIds() => null;
}
