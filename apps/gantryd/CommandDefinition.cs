namespace Gantry.Daemon;

/// <summary>A command of the command line.</summary>
/// <param name="Words">Its words, such as <c>config dump</c>.</param>
/// <param name="Argument">What its argument is called; empty when it has none.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="Flags">Flags of its own.</param>
internal sealed record CommandDefinition(string Words, string Argument, string Meaning, IReadOnlyList<Flag> Flags)
{
    /// <summary>How it is shown, such as <c>doctor ROOT</c>.</summary>
    public string Shown => Argument.Length > 0 ? $"{Words} {Argument}" : Words;

    /// <summary>Whether the words of a command line are this command and what it is given.</summary>
    public bool Is(IReadOnlyList<string> words) =>
        $"{string.Join(' ', words)} ".StartsWith($"{Words} ", StringComparison.Ordinal);
}
