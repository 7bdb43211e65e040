using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Distribution.Auth;

namespace Gantry.Cli.Registries;

/// <summary><c>gantry logout</c>: forgets the user and password for a registry.</summary>
internal static class LogoutCommand
{
    public static Command Create()
    {
        Command command = new("logout", "Forget the user and password for a registry");
        Argument<string?> host = RegistryHostName.Argument();
        command.Add(host);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            string name = RegistryHostName.Parse(parse.GetValue(host));
            bool known = await new DockerCredentials(DockerConfig.DefaultPath).EraseAsync(name, session.Token);
            StandardStreams.Out.WriteLine(known ? $"logged out of {name}" : $"not logged in to {name}");
            return ExitCodes.Success;
        }));
        return command;
    }
}
