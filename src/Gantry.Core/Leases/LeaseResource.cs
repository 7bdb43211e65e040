namespace Gantry.Core.Leases;

/// <summary>Something that a lease keeps.</summary>
/// <param name="Id">A digest, ref, name or snapshot key.</param>
/// <param name="Type"><c>content</c>, <c>ingests</c>, <c>images</c>, <c>mounts</c>, or <c>snapshots/SNAPSHOTTER</c>.</param>
public sealed record LeaseResource(string Id, string Type);
