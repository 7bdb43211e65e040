namespace Gantry.Runtime.Tasks;

/// <summary>Where the streams of a process go: FIFOs that the client made, or URIs that the shim understands.</summary>
/// <param name="Stdin">Standard input; empty for none.</param>
/// <param name="Stdout">Standard output; empty for none.</param>
/// <param name="Stderr">Standard error; empty for none.</param>
/// <param name="Terminal">Whether the process gets a terminal.</param>
public sealed record TaskIo(string Stdin, string Stdout, string Stderr, bool Terminal)
{
    /// <summary>No streams at all.</summary>
    public static TaskIo None { get; } = new("", "", "", Terminal: false);
}
