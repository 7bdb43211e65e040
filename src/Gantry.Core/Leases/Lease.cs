namespace Gantry.Core.Leases;

/// <summary>Something that keeps resources from collection.</summary>
/// <param name="Id">Any text that is not empty.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Labels">Labels; <c>containerd.io/gc.expire</c> and <c>containerd.io/gc.flat</c> mean something.</param>
public sealed record Lease(string Id, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, string> Labels);
