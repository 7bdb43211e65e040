namespace Gantry.Runtime.Shims;

/// <summary>What a program left: its exit code, and what it wrote.</summary>
internal sealed record ProgramResult(int Code, byte[] Output, byte[] Errors);
