namespace Gantry.Shim.Containers;

/// <summary>What the client named for a process's streams: paths of FIFOs, URIs, or empty for none.</summary>
/// <param name="Input">Standard input.</param>
/// <param name="Output">Standard output, and of a terminal all there is.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Terminal">Whether the process has a terminal.</param>
internal sealed record StreamNames(string Input, string Output, string Error, bool Terminal);
