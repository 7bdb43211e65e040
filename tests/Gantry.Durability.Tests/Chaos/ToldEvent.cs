namespace Gantry.Durability.Tests.Chaos;

/// <summary>An event of a task, as a subscriber was told of it.</summary>
/// <param name="Topic">What it is about.</param>
/// <param name="ContainerId">The container.</param>
/// <param name="ExecId">The exec; empty for the first process.</param>
internal sealed record ToldEvent(string Topic, string ContainerId, string ExecId);
