using System.CommandLine;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about the namespaces of a container.</summary>
internal sealed class NamespaceOptions
{
    public Option<bool> NetHost { get; } = new("--net-host") { Description = "Share the network of the host" };

    public Option<string?> Hostname { get; } = new("--hostname")
    {
        Description = "Host name of the container",
        HelpName = "name",
    };

    public void AddTo(Command command)
    {
        command.Add(NetHost);
        command.Add(Hostname);
    }

    public SpecOptions Apply(SpecOptions options, ParseResult parse)
    {
        string? hostname = parse.GetValue(Hostname);
        bool hostNetwork = parse.GetValue(NetHost);
        return options with
        {
            HostNetwork = hostNetwork,
            Hostname = hostname,

            // With the network of the host goes its name.
            Env = hostNetwork ? [.. options.Env, $"HOSTNAME={hostname ?? Environment.MachineName}"] : options.Env,
        };
    }
}
