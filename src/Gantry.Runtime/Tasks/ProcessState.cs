using Google.Protobuf.WellKnownTypes;

namespace Gantry.Runtime.Tasks;

/// <summary>A process of a task, as its shim describes it.</summary>
/// <param name="ContainerId">The task.</param>
/// <param name="ExecId">The exec; empty for the first process.</param>
/// <param name="Pid">Its process id; 0 when it has none yet.</param>
/// <param name="Status">What it is doing.</param>
/// <param name="Io">Its streams.</param>
/// <param name="ExitStatus">Its exit status once it is stopped.</param>
/// <param name="ExitedAt">When it exited, as the shim said it; null while it has not.</param>
public sealed record ProcessState(
    string ContainerId,
    string ExecId,
    uint Pid,
    ProcessStatus Status,
    TaskIo Io,
    uint ExitStatus,
    Timestamp? ExitedAt);
