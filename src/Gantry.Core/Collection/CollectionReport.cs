namespace Gantry.Core.Collection;

/// <summary>What a collection did.</summary>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Objects">How many objects there were.</param>
/// <param name="Removed">What it removed, kind by kind; kinds of which nothing was removed are left out.</param>
public sealed record CollectionReport(TimeSpan Elapsed, long Objects, IReadOnlyList<RemovedKind> Removed)
{
    /// <summary>How many of a kind were removed.</summary>
    /// <param name="kind">The kind, such as <see cref="ObjectKinds.Snapshot"/>.</param>
    public long CountOf(string kind) => Removed.FirstOrDefault(removed => removed.Kind == kind)?.Count ?? 0;
}
