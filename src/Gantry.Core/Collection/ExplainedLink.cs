namespace Gantry.Core.Collection;

/// <summary>An object in the explanation of another.</summary>
/// <param name="Kind">Its kind: one of <see cref="ObjectKinds"/>.</param>
/// <param name="Key">Its key; that of a snapshot is <c>SNAPSHOTTER/KEY</c>.</param>
/// <param name="Reason">
/// In a chain: why the one before it keeps it. In a list of holders: why this one refers to the object.
/// </param>
/// <param name="IsKept">Whether it is kept itself.</param>
public sealed record ExplainedLink(string Kind, string Key, string Reason, bool IsKept);
