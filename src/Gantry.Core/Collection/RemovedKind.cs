namespace Gantry.Core.Collection;

/// <summary>What a collection removed of one kind.</summary>
/// <param name="Kind">The kind: one of <see cref="ObjectKinds"/>.</param>
/// <param name="Count">How many.</param>
/// <param name="Bytes">The space that they took, where it is known; else 0.</param>
public sealed record RemovedKind(string Kind, long Count, long Bytes);
