using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Images;
using Gantry.Core.Mounts;
using Gantry.Transfer.Bundles;

namespace Gantry.Cli.Bundles;

/// <summary><c>gantry bundle pack</c>: makes an image of a bundle's image and what has changed in its root filesystem.</summary>
internal static class BundlePackCommand
{
    public static Command Create()
    {
        Command command = new("pack", "Make an image of what has changed in a bundle");
        Argument<string> directory = BundleCommand.DirectoryArgument();
        CommitOptions options = new();
        command.Add(directory);
        options.AddTo(command);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            options.Check(parse);
            BundleDirectory bundle = BundleDirectory.At(parse.GetValue(directory)!);
            BundleRecord record = BundleCommand.Read(session, bundle);
            IReadOnlyList<Mount> upper =
                await BundleCommand.Builder(session).UpperAsync(bundle, record, session.Token);
            return await Committer.RunAsync(
                session,
                options.ToRequest(parse, record.Manifest(), record.Snapshotter, upper, "gantry bundle pack"));
        }));
        return command;
    }
}
