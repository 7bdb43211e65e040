namespace Gantry.Cli.Manual;

/// <summary>An example of the manual.</summary>
/// <param name="Meaning">What it does.</param>
/// <param name="Command">What is typed.</param>
internal sealed record CommandExample(string Meaning, string Command);
