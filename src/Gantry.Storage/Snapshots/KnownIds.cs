using System.Collections;

namespace Gantry.Storage.Snapshots;

/// <summary>
/// The ids that a clean-up must leave alone: those that had a record at one moment, and all given out since.
/// </summary>
internal sealed class KnownIds(HashSet<long> recorded, long greatest) : IReadOnlySet<long>
{
    /// <inheritdoc/>
    public int Count => recorded.Count;

    /// <inheritdoc/>
    public bool Contains(long item) => item > greatest || recorded.Contains(item);

    /// <inheritdoc/>
    public IEnumerator<long> GetEnumerator() => recorded.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool IsProperSubsetOf(IEnumerable<long> other) => recorded.IsProperSubsetOf(other);

    /// <inheritdoc/>
    public bool IsProperSupersetOf(IEnumerable<long> other) => recorded.IsProperSupersetOf(other);

    /// <inheritdoc/>
    public bool IsSubsetOf(IEnumerable<long> other) => recorded.IsSubsetOf(other);

    /// <inheritdoc/>
    public bool IsSupersetOf(IEnumerable<long> other) => recorded.IsSupersetOf(other);

    /// <inheritdoc/>
    public bool Overlaps(IEnumerable<long> other) => recorded.Overlaps(other);

    /// <inheritdoc/>
    public bool SetEquals(IEnumerable<long> other) => recorded.SetEquals(other);
}
