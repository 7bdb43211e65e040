namespace Gantry.Daemon;

/// <summary>A flag of the command line.</summary>
/// <param name="Name">Its long name, without dashes.</param>
/// <param name="Short">Its short name; empty for none.</param>
/// <param name="Value">What its value is called; empty for a switch, which is on or off.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="Set">Puts it into a command line.</param>
internal sealed record Flag(
    string Name, string Short, string Value, string Meaning, Func<CommandLine, string, CommandLine> Set)
{
    private const string On = "true";

    /// <summary>Whether it is on or off, and takes no value of its own.</summary>
    public bool IsSwitch => Value.Length == 0;

    /// <summary>How it is shown, such as <c>-c, --config FILE</c>.</summary>
    public string Shown =>
        $"{(Short.Length > 0 ? $"-{Short}, " : "    ")}--{Name}{(IsSwitch ? "" : $" {Value}")}";

    /// <summary>A flag that is on or off.</summary>
    public static Flag Switch(string name, string shortName, string meaning, Func<CommandLine, bool, CommandLine> set) =>
        new(name, shortName, "", meaning, (line, value) => set(line, value == On));

    /// <summary>Whether a word of the command line, without its dashes, is this flag.</summary>
    public bool Is(string word) =>
        string.Equals(word, Name, StringComparison.Ordinal)
        || (Short.Length > 0 && string.Equals(word, Short, StringComparison.Ordinal));

    /// <summary>Puts it into a command line. An empty value is none, as with containerd; switches know the words of Go's flags.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="value">What was given; null for nothing.</param>
    public CommandLine Apply(CommandLine line, string? value)
    {
        if (!IsSwitch)
        {
            return value is { Length: > 0 } ? Set(line, value) : line;
        }

        return value switch
        {
            null or "1" or "t" or "T" or On or "TRUE" or "True" => Set(line, On),
            "0" or "f" or "F" or "false" or "FALSE" or "False" => Set(line, ""),
            _ => line with { Error = $"invalid boolean value \"{value}\" for -{Name}" },
        };
    }
}
