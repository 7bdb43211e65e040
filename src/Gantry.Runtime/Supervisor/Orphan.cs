namespace Gantry.Runtime.Supervisor;

/// <summary>Something on the machine that belongs to no task any more.</summary>
/// <param name="Area">What it is: <c>shims</c>, <c>sockets</c>, <c>runtimes</c>, <c>cgroups</c>.</param>
/// <param name="Subject">Which: a path, or a process.</param>
/// <param name="Problem">What is the matter.</param>
/// <param name="Remedy">What a removal does.</param>
/// <param name="Remove">Removes it; null when that is not safe.</param>
public sealed record Orphan(string Area, string Subject, string Problem, string Remedy, Action? Remove);
