namespace Gantry.Linux.Processes;

/// <summary>How a child process ended.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Code">Its exit code, or 128 and the number of the signal that ended it.</param>
/// <param name="Signal">The signal that ended it, or 0.</param>
/// <param name="At">When its end was seen.</param>
public readonly record struct ChildExit(int Pid, int Code, int Signal, DateTimeOffset At);
