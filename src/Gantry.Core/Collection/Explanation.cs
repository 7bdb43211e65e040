namespace Gantry.Core.Collection;

/// <summary>Who holds an object, or why it would go.</summary>
/// <param name="Kind">Its kind: one of <see cref="ObjectKinds"/>.</param>
/// <param name="Key">Its key; that of a snapshot is <c>SNAPSHOTTER/KEY</c>.</param>
/// <param name="IsKept">Whether a collection leaves it alone.</param>
/// <param name="Summary">Why, in one sentence.</param>
/// <param name="Chain">How a root leads to it, the root first and the object last; empty when nothing keeps it.</param>
/// <param name="Holders">All that refer to it.</param>
public sealed record Explanation(
    string Kind,
    string Key,
    bool IsKept,
    string Summary,
    IReadOnlyList<ExplainedLink> Chain,
    IReadOnlyList<ExplainedLink> Holders);
