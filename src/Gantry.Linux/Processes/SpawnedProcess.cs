namespace Gantry.Linux.Processes;

/// <summary>A process that was started.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Exit">Its end.</param>
public readonly record struct SpawnedProcess(int Pid, Task<ChildExit> Exit);
