using Google.Protobuf.WellKnownTypes;

namespace Gantry.Runtime.Tasks;

/// <summary>How a process ended.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Status">Its exit status; 128 and the signal's number when a signal ended it.</param>
/// <param name="ExitedAt">
/// When, exactly as the shim said it (to the nanosecond); null when the shim did not say. It is part of what tells one
/// exit from another, so it is not rounded to what .NET's clock can hold.
/// </param>
public sealed record ProcessExit(uint Pid, uint Status, Timestamp? ExitedAt);
