using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Distribution;
using Gantry.Distribution.Auth;

namespace Gantry.Cli.Registries;

/// <summary><c>gantry login</c>: tries a user and password at a registry, and keeps them where Docker's tools look.</summary>
internal static class LoginCommand
{
    public static Command Create()
    {
        Command command = new("login", "Keep a user and password for a registry");
        Argument<string?> host = RegistryHostName.Argument();
        Option<string> user = new("--username", "-u")
        {
            Description = "The user; the password is asked for",
            HelpName = "name",
            Required = true,
        };
        Option<bool> stdin = new("--password-stdin") { Description = "Read the password from standard input" };
        RegistryFlags flags = new();
        command.Add(host);
        command.Add(user);
        command.Add(stdin);
        flags.AddTo(command, withUser: false);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            string name = RegistryHostName.Parse(parse.GetValue(host));
            RegistryCredential credential = new(
                parse.GetValue(user)!, await PasswordPrompt.ReadAsync(session.Token));
            RegistryOptions options = flags.Read(parse, withUser: false).Options with
            {
                Credentials = new FixedCredential(credential, name),
            };
            using (RegistryClient registry = new(options))
            {
                await registry.CheckAccessAsync(name, session.Token);
            }

            string kept = await new DockerCredentials(DockerConfig.DefaultPath)
                .StoreAsync(name, credential, session.Token);
            StandardStreams.Out.WriteLine($"logged in to {name} as {credential.Username}; kept by {kept}");
            return ExitCodes.Success;
        }));
        return command;
    }
}
