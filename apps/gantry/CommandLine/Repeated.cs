using System.CommandLine;

namespace Gantry.Cli.CommandLine;

/// <summary>Options that may be given several times; absent, they are an empty list.</summary>
internal static class Repeated
{
    public static Option<string[]> Option(string name, string helpName, string description, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description + "; may be repeated",
            HelpName = helpName,
            Arity = ArgumentArity.OneOrMore,
            DefaultValueFactory = _ => [],
        };
}
