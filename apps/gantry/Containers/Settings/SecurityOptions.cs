using System.CommandLine;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options about what the processes of a container may do.</summary>
internal sealed class SecurityOptions
{
    public Option<bool> AllowNewPrivileges { get; } = new("--allow-new-privs")
    {
        Description = "Let set-user-id programs gain privileges",
    };

    public void AddTo(Command command)
    {
        command.Add(AllowNewPrivileges);
    }

    public SpecOptions Apply(SpecOptions options, ParseResult parse) => options with
    {
        AllowNewPrivileges = parse.GetValue(AllowNewPrivileges),
    };
}
