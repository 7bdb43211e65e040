namespace Gantry.Daemon;

/// <summary>
/// What was asked for on the command line, with containerd's flags: <c>-c --config -l --log-level -a --address --root
/// --state -v --version -h --help</c>, and this daemon's <c>--as-containerd</c>. As with Go's flags, one dash will do for
/// a long name, and a value may follow <c>=</c>.
/// </summary>
internal sealed record CommandLine
{
    /// <summary>The config file; null for the usual one, if it exists.</summary>
    public string? Config { get; init; }

    /// <summary>The least level that is logged; null for the config's.</summary>
    public string? LogLevel { get; init; }

    /// <summary>The gRPC socket; null for the config's.</summary>
    public string? Address { get; init; }

    /// <summary>The root directory; null for the config's.</summary>
    public string? Root { get; init; }

    /// <summary>The state directory; null for the config's.</summary>
    public string? State { get; init; }

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

            CommandLine? switched = line.WithSwitch(flag);
            if (switched is not null)
            {
                line = switched;
                continue;
            }

            if (value is null && i + 1 < arguments.Count)
            {
                value = arguments[++i];
            }

            CommandLine? valued = value is null
                ? line with { Error = $"flag needs an argument: {argument}" }
                : line.WithValue(flag, value);
            if (valued?.Error is not null || valued is null)
            {
                return valued ?? line with { Error = $"flag provided but not defined: -{flag}" };
            }

            line = valued;
        }

        return line with { Words = words };
    }

    private CommandLine? WithSwitch(string flag) => flag switch
    {
        "v" or "version" => this with { ShowVersion = true },
        "h" or "help" => this with { ShowHelp = true },
        "dry-run" => this with { DryRun = true },
        "as-containerd" => this with { AsContainerd = true },
        "repair" => this with { Repair = true },
        "quick" => this with { Quick = true },
        "json" => this with { Json = true },
        _ => null,
    };

    private CommandLine? WithValue(string flag, string value) => flag switch
    {
        "c" or "config" => this with { Config = value },
        "l" or "log-level" => this with { LogLevel = value },
        "a" or "address" => this with { Address = value },
        "root" => this with { Root = value },
        "state" => this with { State = value },
        "topic" => this with { Topic = value },
        "namespace" => this with { Namespace = value },
        _ => null,
    };
}
