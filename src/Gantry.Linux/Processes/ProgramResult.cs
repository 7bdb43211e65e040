namespace Gantry.Linux.Processes;

/// <summary>What a program left.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">The start of what it wrote to its standard output.</param>
/// <param name="Errors">The start of what it wrote to its standard error.</param>
public sealed record ProgramResult(int Code, byte[] Output, byte[] Errors);
