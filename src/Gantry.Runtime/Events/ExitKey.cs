namespace Gantry.Runtime.Events;

/// <summary>What tells one end of a process from every other.</summary>
internal readonly record struct ExitKey(
    string Namespace,
    bool Deleted,
    string ContainerId,
    string ExecId,
    uint Pid,
    long Seconds,
    int Nanoseconds);
