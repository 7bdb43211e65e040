namespace Gantry.Compat.Tests;

/// <summary>What came of a call.</summary>
/// <param name="Call">The line of the table.</param>
/// <param name="Result">What was answered, or the code and the text of the error.</param>
/// <param name="Code">When the call may differ from containerd: the code that Gantry answers with, else null.</param>
internal sealed record CallOutcome(string Call, string Result, string? Code);
