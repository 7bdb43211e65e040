using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Containers.Settings;
using Gantry.Cli.Images;
using Gantry.Cli.Output;
using Gantry.Oci.Runtime;
using Gantry.Transfer.Bundles;
using Gantry.Transfer.Images;

namespace Gantry.Cli.Bundles;

/// <summary><c>gantry bundle create</c>: makes a bundle of an image.</summary>
internal static class BundleCreateCommand
{
    public static Command Create()
    {
        Command command = new("create", "Make a bundle of an image, which is pulled if it is not here");
        Argument<string> image = new("image") { Description = "Name of the image" };
        Argument<string> directory = BundleCommand.DirectoryArgument();
        Argument<string[]> args = new("command")
        {
            Description = "Command instead of the image's, after --",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<bool> mount = new("--mount")
        {
            Description = "Mount a snapshot as root filesystem instead of copying the files",
        };
        ProcessOptions process = new();
        Option<bool> netHost = new("--net-host") { Description = "Share the network of the host" };
        Option<bool> readOnly = new("--read-only") { Description = "Make the root filesystem read-only" };
        Option<string> snapshotter = GlobalOptions.Snapshotter();
        PullOptions pull = new();
        command.Add(image);
        command.Add(directory);
        command.Add(args);
        command.Add(mount);
        command.Add(process.Env);
        command.Add(process.Cwd);
        command.Add(process.User);
        command.Add(process.Tty);
        command.Add(netHost);
        command.Add(readOnly);
        command.Add(snapshotter);
        pull.AddTo(command);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            ResolvedImage resolved = await ImageLookup.FindOrPullAsync(
                session, parse.GetValue(image)!, pull.ToRequest(parse, parse.GetValue(snapshotter)!));
            BundleDirectory bundle = BundleDirectory.At(parse.GetValue(directory)!);
            await BundleCommand.Builder(session).CreateAsync(
                new BundleRequest(
                    resolved,
                    bundle,
                    parse.GetValue(mount) ? BundleRootfs.Mount : BundleRootfs.Copy,
                    parse.GetValue(snapshotter)!)
                {
                    User = parse.GetValue(process.User),
                    Spec = new SpecOptions
                    {
                        Args = parse.GetValue(args) ?? [],
                        Env = process.Environment(parse),
                        Cwd = parse.GetValue(process.Cwd),
                        Terminal = parse.GetValue(process.Tty),
                        Edit = spec => (parse.GetValue(netHost), parse.GetValue(readOnly)) switch
                        {
                            (true, true) => spec.WithHostNetwork().WithReadOnlyRoot(),
                            (true, false) => spec.WithHostNetwork(),
                            (false, true) => spec.WithReadOnlyRoot(),
                            _ => spec,
                        },
                    },
                },
                session.Token);
            StandardStreams.Out.WriteLine(bundle.Path);
            return ExitCodes.Success;
        }));
        return command;
    }
}
