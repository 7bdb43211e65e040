using System.CommandLine;
using System.CommandLine.Completions;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;

namespace Gantry.Cli.Completion;

/// <summary>
/// <c>gantry __complete WORD…</c>, which shells ask: what the last word, which is not whole, may become. One candidate a line,
/// behind a tab what it is; <c>:files</c>, <c>:directories</c> and <c>:commands</c> have the shell look for itself.
/// </summary>
internal static class Completer
{
    /// <summary>The word that asks for it.</summary>
    public const string Word = "__complete";

    /// <summary>Prints the candidates.</summary>
    /// <param name="root">The commands.</param>
    /// <param name="words">The words behind the program's name.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(RootCommand root, IReadOnlyList<string> words)
    {
        string current = words.Count > 0 ? words[^1] : "";
        TypedLine typed = TypedLine.Read(root, words.Take(words.Count - 1));
        int equals = current.IndexOf('=', StringComparison.Ordinal);
        if (typed.Waiting is { } waiting)
        {
            await ValuesAsync(typed, waiting.CompletionSources, KnownNames.Of(waiting), "", current);
        }
        else if (!typed.OptionsEnded && current.StartsWith("--", StringComparison.Ordinal) && equals > 0
            && typed.Find(current[..equals]) is { } option)
        {
            await ValuesAsync(
                typed, option.CompletionSources, KnownNames.Of(option), current[..(equals + 1)], current[(equals + 1)..]);
        }
        else if (!typed.OptionsEnded && current.StartsWith('-'))
        {
            Options(typed, current);
        }
        else
        {
            Commands(typed, current);
            if (typed.Argument is { } argument)
            {
                await ValuesAsync(typed, argument.CompletionSources, KnownNames.Of(argument, typed.Command), "", current);
            }
        }

        return ExitCodes.Success;
    }

    private static void Commands(TypedLine typed, string current)
    {
        foreach (Command command in typed.Command.Subcommands.Where(c => !c.Hidden).OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            Offer(current, command.Name, command.Description);
        }
    }

    // The long name; a short one is as long as what it would complete.
    private static void Options(TypedLine typed, string current)
    {
        foreach (Option option in typed.Options.Where(o => !o.Hidden).OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            string name = option.Aliases.Append(option.Name).MaxBy(n => n.StartsWith("--", StringComparison.Ordinal) ? n.Length : 0)!;
            if (name.StartsWith('-'))
            {
                Offer(current, name, option.Description);
            }
        }
    }

    private static async Task ValuesAsync(
        TypedLine typed,
        IEnumerable<Func<CompletionContext, IEnumerable<CompletionItem>>> sources,
        NameKind kind,
        string before,
        string current)
    {
        foreach (CompletionItem item in sources.SelectMany(source => source(CompletionContext.Empty)))
        {
            Offer(before + current, before + item.Label, null);
        }

        switch (kind)
        {
            case NameKind.None:
                return;
            case NameKind.File:
                StandardStreams.Out.WriteLine(":files");
                return;
            case NameKind.Directory:
                StandardStreams.Out.WriteLine(":directories");
                return;
            case NameKind.Program:
                StandardStreams.Out.WriteLine(":commands");
                return;
        }

        foreach ((string name, string meaning) in await KnownNames.AskAsync(kind, typed))
        {
            Offer(before + current, before + name, meaning);
        }
    }

    private static void Offer(string current, string value, string? meaning)
    {
        if (value.StartsWith(current, StringComparison.Ordinal))
        {
            StandardStreams.Out.WriteLine(
                string.IsNullOrEmpty(meaning) ? value : $"{value}\t{meaning.ReplaceLineEndings(" ")}");
        }
    }
}
