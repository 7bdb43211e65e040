namespace Gantry.Storage.Gc;

/// <summary>What a mark found.</summary>
/// <param name="Sequence">The end of the sequence at that moment: whatever is numbered above came later.</param>
/// <param name="Now">The time by which expiry was judged, in its stored form.</param>
/// <param name="Objects">How many objects there were.</param>
/// <param name="Dead">Those that nothing keeps, the newest first, so that children go before their parents.</param>
/// <param name="Conditions">All references under a condition, whether it holds or not.</param>
/// <param name="NextExpiry">When something is to expire next, in its stored form; null when nothing is.</param>
internal sealed record Mark(
    long Sequence,
    long Now,
    int Objects,
    IReadOnlyList<DeadObject> Dead,
    IReadOnlyList<ConditionalReference> Conditions,
    long? NextExpiry);
