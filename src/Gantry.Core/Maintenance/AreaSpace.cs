namespace Gantry.Core.Maintenance;

/// <summary>The space of a part of the root directory.</summary>
/// <param name="Area">Which: <c>content</c>, <c>ingests</c>, <c>snapshots/NAME</c>, <c>database</c>, <c>other</c>.</param>
/// <param name="Count">How many objects it holds.</param>
/// <param name="Bytes">Bytes on disk.</param>
/// <param name="Freeable">Of these, what no image, container or lease holds.</param>
public sealed record AreaSpace(string Area, long Count, long Bytes, long Freeable);
