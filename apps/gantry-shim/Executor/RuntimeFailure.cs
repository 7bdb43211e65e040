namespace Gantry.Shim.Executor;

/// <summary>A command of the OCI runtime that failed.</summary>
/// <param name="Reason">What the runtime's log says, or what is known otherwise.</param>
/// <param name="End">How the program ended, and what it printed.</param>
internal sealed record RuntimeFailure(string Reason, string End);
