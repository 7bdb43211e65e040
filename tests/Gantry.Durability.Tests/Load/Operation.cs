namespace Gantry.Durability.Tests.Load;

/// <summary>Changes that were asked for in one call: all of them happen, or none does. Null stands for an absent object.</summary>
internal sealed record Operation(string Name, IReadOnlyList<(string Key, string? State)> Changes);
