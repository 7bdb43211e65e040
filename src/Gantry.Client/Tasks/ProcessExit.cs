namespace Gantry.Client.Tasks;

/// <summary>How a process ended.</summary>
/// <param name="Status">Its exit status; 128 and the number of the signal that killed it, if one did.</param>
/// <param name="ExitedAt">When; null when the daemon does not know.</param>
public sealed record ProcessExit(uint Status, DateTimeOffset? ExitedAt);
