using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Transfer.Bundles;

namespace Gantry.Cli.Bundles;

/// <summary><c>gantry bundle mount</c> and <c>gantry bundle unmount</c>: the root filesystem of a bundle of snapshots.</summary>
internal static class BundleMountCommand
{
    public static Command Create()
    {
        Command command = new("mount", "Mount the root filesystem again, such as after a reboot");
        Argument<string> directory = BundleCommand.DirectoryArgument();
        command.Add(directory);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            BundleDirectory bundle = BundleDirectory.At(parse.GetValue(directory)!);
            BundleCommand.Read(session, bundle);
            await BundleCommand.Builder(session).MountAsync(bundle, session.Token);
            return ExitCodes.Success;
        }));
        return command;
    }

    public static Command CreateUnmount()
    {
        Command command = new("unmount", "Unmount the root filesystem; the bundle stays");
        Argument<string> directory = BundleCommand.DirectoryArgument();
        command.Add(directory);
        command.SetAction(parse =>
        {
            BundleBuilder.Unmount(BundleDirectory.At(parse.GetValue(directory)!));
            return ExitCodes.Success;
        });
        return command;
    }
}
