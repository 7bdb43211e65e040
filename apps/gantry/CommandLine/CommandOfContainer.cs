using System.CommandLine;

namespace Gantry.Cli.CommandLine;

/// <summary>
/// Keeps the command of a container apart from gantry's own options: in <c>gantry run -i IMAGE ls -l</c> all that
/// follows the image is the container's, whatever it looks like. The parser takes options anywhere, so a <c>--</c> is put
/// where gantry's own end.
/// </summary>
internal static class CommandOfContainer
{
    public const string RunName = "run";
    public const string CreateName = "create";
    public const string ExecName = "exec";

    public static IReadOnlyList<string> Separate(string[] args, RootCommand root)
    {
        int index = NextPositional(args, 0, [.. root.Options]);
        if (index >= args.Length || args[index] is not (RunName or CreateName or ExecName))
        {
            return args;
        }

        Command command = root.Subcommands.First(c => c.Name == args[index]);
        int target = NextPositional(args, index + 1, [.. root.Options, .. command.Options]);
        return target + 1 >= args.Length || args[target] == "--" || args[target + 1] == "--"
            ? args
            : [.. args[..(target + 1)], "--", .. args[(target + 1)..]];
    }

    /// <summary>The index of the next argument that is neither an option nor an option's value.</summary>
    public static int NextPositional(string[] args, int start, IReadOnlyList<Option> options)
    {
        int index = start;
        while (index < args.Length && args[index].Length > 1 && args[index][0] == '-' && args[index] != "--")
        {
            index += TakesNext(args[index], options) ? 2 : 1;
        }

        return index;
    }

    /// <summary>Whether an option's value is the next argument.</summary>
    private static bool TakesNext(string arg, IReadOnlyList<Option> options)
    {
        if (arg.Contains('=', StringComparison.Ordinal))
        {
            return false;
        }

        // -it is -i -t, and only the last of them may have a value.
        string name = arg[1] == '-' || arg.Length == 2 ? arg : "-" + arg[^1];
        Option? option = options.FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));
        return option is not null && option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;
    }
}
