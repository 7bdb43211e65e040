using Gantry.Core.Errors;
using Gantry.Core.Mounts;

namespace Gantry.Core.Snapshots;

/// <summary>
/// The snapshots of one namespace in one snapshotter. A snapshot is a view of a filesystem, as a difference to its
/// parent.
/// <list type="bullet">
/// <item><em>key</em>: names an active snapshot or a view, from Prepare or View on.</item>
/// <item><em>name</em>: names a committed snapshot, from Commit on. Keys and names share one space.</item>
/// <item><em>parent</em>: the name of a committed snapshot, or empty.</item>
/// </list>
/// A caller mounts what Prepare, View and Mounts return; a snapshotter mounts nothing itself.
/// </summary>
/// <example>
/// A layer: <c>PrepareAsync("extract-1 sha256:b", parent: "sha256:a")</c>, apply the layer to the mounts,
/// <c>CommitAsync("sha256:b", "extract-1 sha256:b")</c>. A container on it:
/// <c>PrepareAsync("web", "sha256:b")</c>, mount, run, unmount, <c>RemoveAsync("web")</c>.
/// </example>
public interface ISnapshotter
{
    /// <summary>One snapshot.</summary>
    /// <exception cref="GantryException">NotFound: <c>snapshot K does not exist: not found</c>.</exception>
    Task<SnapshotInfo> StatAsync(string key, CancellationToken cancellationToken);

    /// <summary>Changes labels; paths <c>labels</c> and <c>labels.KEY</c>; an empty mask replaces all labels.</summary>
    /// <exception cref="GantryException">NotFound; InvalidArgument for another path.</exception>
    Task<SnapshotInfo> UpdateAsync(SnapshotInfo info, FieldMask mask, CancellationToken cancellationToken);

    /// <summary>All snapshots that match any of the filters, by name.</summary>
    IAsyncEnumerable<SnapshotInfo> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken);

    /// <summary>The space of one snapshot.</summary>
    /// <exception cref="GantryException">NotFound.</exception>
    Task<SnapshotUsage> UsageAsync(string key, CancellationToken cancellationToken);

    /// <summary>The mounts of an active snapshot or a view.</summary>
    /// <exception cref="GantryException">NotFound; FailedPrecondition: it is committed.</exception>
    Task<IReadOnlyList<Mount>> MountsAsync(string key, CancellationToken cancellationToken);

    /// <summary>Makes an active snapshot.</summary>
    /// <exception cref="GantryException">AlreadyExists; NotFound: no such parent; InvalidArgument: the parent is not committed.</exception>
    Task<IReadOnlyList<Mount>> PrepareAsync(
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken);

    /// <summary>Makes a view.</summary>
    /// <exception cref="GantryException">As for <see cref="PrepareAsync"/>.</exception>
    Task<IReadOnlyList<Mount>> ViewAsync(
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken);

    /// <summary>
    /// Makes an active snapshot a committed one; its key is free afterwards. A <paramref name="parent"/> that is not
    /// empty becomes its parent, if it was prepared without one (rebase).
    /// </summary>
    /// <exception cref="GantryException">AlreadyExists: the name is taken; NotFound; FailedPrecondition: it is not active.</exception>
    Task CommitAsync(
        string name,
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken);

    /// <summary>Removes a snapshot.</summary>
    /// <exception cref="GantryException">NotFound; FailedPrecondition: it has children.</exception>
    Task RemoveAsync(string key, CancellationToken cancellationToken);

    /// <summary>Removes what removed snapshots have left behind, and returns when it is done.</summary>
    Task CleanupAsync(CancellationToken cancellationToken);
}
