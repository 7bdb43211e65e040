namespace Gantry.Core.Events;

/// <summary>Which events are kept.</summary>
/// <param name="Oldest">The number of the first; one more than <paramref name="Last"/> when none is.</param>
/// <param name="Last">The number of the last event there was; 0 before the first.</param>
public readonly record struct KeptRange(ulong Oldest, ulong Last);
