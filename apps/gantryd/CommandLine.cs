using Gantry.Server.Config;

namespace Gantry.Daemon;

/// <summary>
/// What was asked for on the command line, with containerd's flags and some more, see <see cref="Definitions"/>. As with Go's flags, one dash will do for
/// a long name, and a value may follow <c>=</c>.
/// </summary>
internal sealed record CommandLine
{
    /// <summary>The config file; null for the usual one, if it exists.</summary>
    public string? Config { get; init; }

    /// <summary>Values that go before those of the config file, by the flags of <see cref="ConfigFlags"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    /// <summary>The gRPC socket; null for the config's.</summary>
    public string? Address => Settings.LastOrDefault(setting => setting.Key == ConfigFlags.Address).Value;

    /// <summary>The topic of an event to publish.</summary>
    public string? Topic { get; init; }

    /// <summary>The namespace of an event to publish.</summary>
    public string? Namespace { get; init; }

    /// <summary>Whether to stand in for containerd.</summary>
    public bool AsContainerd { get; init; }

    /// <summary>Whether only to tell what would be done.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether to repair what is found.</summary>
    public bool Repair { get; init; }

    /// <summary>Whether to leave out what reads every byte.</summary>
    public bool Quick { get; init; }

    /// <summary>Whether to print JSON.</summary>
    public bool Json { get; init; }

    /// <summary>Whether the version was asked for.</summary>
    public bool ShowVersion { get; init; }

    /// <summary>Whether help was asked for.</summary>
    public bool ShowHelp { get; init; }

    /// <summary>What is no flag: the command and its own words.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>What is wrong with the command line; null when nothing is.</summary>
    public string? Error { get; init; }

    /// <summary>Reads a command line.</summary>
    /// <param name="arguments">Its words.</param>
    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        CommandLine line = new();
        List<string> words = [];
        List<string> flags = [];
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument.Length < 2 || argument[0] != '-')
            {
                words.Add(argument);
                continue;
            }

            string flag = argument.TrimStart('-');
            string? value = null;
            int equals = flag.IndexOf('=', StringComparison.Ordinal);
            if (equals >= 0)
            {
                value = flag[(equals + 1)..];
                flag = flag[..equals];
            }

            Flag? definition = Definitions.Find(flag);
            if (definition is null)
            {
                return line with { Error = $"flag provided but not defined: -{flag}" };
            }

            flags.Add(flag);
            if (!definition.IsSwitch && value is null)
            {
                if (i + 1 == arguments.Count)
                {
                    return line with { Error = $"flag needs an argument: {argument}" };
                }

                value = arguments[++i];
            }

            line = definition.Apply(line, value);
            if (line.Error is not null)
            {
                return line;
            }
        }

        // Flags may come before the command that they are of, so that only now it is known which there are.
        string? other = flags.Find(flag => !Definitions.Has(words, flag));
        return line with { Words = words, Error = other is null ? null : $"flag provided but not defined: -{other}" };
    }
}
