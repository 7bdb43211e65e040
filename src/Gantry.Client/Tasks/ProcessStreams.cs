namespace Gantry.Client.Tasks;

/// <summary>Where a process reads from and writes to, as its shim opens it.</summary>
/// <param name="Stdin">The path of a FIFO; empty for none.</param>
/// <param name="Stdout">The path of a FIFO, a URI such as <c>file:///var/log/x</c>, or empty for none.</param>
/// <param name="Stderr">As <paramref name="Stdout"/>; of no use with a terminal.</param>
/// <param name="Terminal">Whether the process gets a terminal.</param>
public sealed record ProcessStreams(string Stdin, string Stdout, string Stderr, bool Terminal)
{
    /// <summary>No input, and output to nowhere.</summary>
    public static ProcessStreams None { get; } = new("", "", "", Terminal: false);
}
