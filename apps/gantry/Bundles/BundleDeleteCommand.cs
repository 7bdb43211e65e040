using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Transfer.Bundles;

namespace Gantry.Cli.Bundles;

/// <summary><c>gantry bundle delete</c>: takes bundles away, with their mounts and snapshots.</summary>
internal static class BundleDeleteCommand
{
    public static Command Create()
    {
        Command command = new("delete", "Remove bundles, and what the daemon keeps for them");
        command.Aliases.Add("rm");
        Argument<string[]> directories = new("dir")
        {
            Description = "Directories of bundles",
            Arity = ArgumentArity.OneOrMore,
        };
        command.Add(directories);
        command.SetAction(Session.Action((session, parse) => Each.RunAsync(parse.GetValue(directories)!, async path =>
        {
            BundleDirectory bundle = BundleDirectory.At(path);
            BundleCommand.Read(session, bundle);
            await BundleCommand.Builder(session).DeleteAsync(bundle, session.Token);
        })));
        return command;
    }
}
