namespace Gantry.Daemon;

/// <summary>A flag of the command line.</summary>
/// <param name="Name">Its long name, without dashes.</param>
/// <param name="Short">Its short name; empty for none.</param>
/// <param name="Value">What its value is called; empty when it takes none.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="Set">Puts it into a command line.</param>
internal sealed record Flag(
    string Name, string Short, string Value, string Meaning, Func<CommandLine, string, CommandLine> Set)
{
    /// <summary>How it is shown, such as <c>-c, --config FILE</c>.</summary>
    public string Shown =>
        $"{(Short.Length > 0 ? $"-{Short}, " : "    ")}--{Name}{(Value.Length > 0 ? $" {Value}" : "")}";

    /// <summary>Whether a word of the command line, without its dashes, is this flag.</summary>
    public bool Is(string word) =>
        string.Equals(word, Name, StringComparison.Ordinal)
        || (Short.Length > 0 && string.Equals(word, Short, StringComparison.Ordinal));
}
