using System.CommandLine;
using Gantry.Distribution;
using Gantry.Distribution.Hosts;

namespace Gantry.Cli.Registries;

/// <summary>Options of everything that talks to a registry.</summary>
internal sealed class RegistryFlags
{
    // Asking who the user is takes a while, and most commands make these options.
    private static readonly IReadOnlyList<string> DefaultHosts = HostDirectories.Default;

    private readonly Option<bool> _plainHttp = new("--plain-http") { Description = "Reach the registry over plain http" };

    private readonly Option<bool> _skipVerify = new("--skip-verify", "-k")
    {
        Description = "Take any certificate of the registry",
    };

    private readonly Option<string[]> _caFiles = new("--tlscacert")
    {
        Description = "PEM file with an authority to trust; may be repeated",
        HelpName = "path",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> _hostsDirectories = new("--hosts-dir")
    {
        Description = $"Directory with hosts.toml of registries ({string.Join(", ", DefaultHosts)}); may be repeated",
        HelpName = "path",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [.. DefaultHosts],
    };

    public Option<string?> User { get; } = new("--user", "-u")
    {
        Description = "User at the registry: name[:password]; a missing password is asked for, or read from standard input",
        HelpName = "name",
    };

    public void AddTo(Command command, bool withUser)
    {
        command.Add(_plainHttp);
        command.Add(_skipVerify);
        command.Add(_caFiles);
        command.Add(_hostsDirectories);
        if (withUser)
        {
            command.Add(User);
        }
    }

    /// <summary>What the options ask for.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="withUser">Whether <see cref="User"/> is among them.</param>
    public RegistryAccess Read(ParseResult parse, bool withUser) => new(
        new RegistryOptions
        {
            PlainHttp = parse.GetValue(_plainHttp),
            SkipVerify = parse.GetValue(_skipVerify),
            CaFiles = parse.GetValue(_caFiles) ?? [],
            HostsDirectories = parse.GetValue(_hostsDirectories) ?? [],
        },
        withUser ? parse.GetValue(User) : null);
}
