using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Oci.Image;

namespace Gantry.Cli.Images;

/// <summary><c>gantry pull</c>: brings an image here, and unpacks it.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        Command command = new("pull", "Pull an image from a registry");
        Argument<string> image = new("image") { Description = "Name of the image, such as debian:12" };
        Option<string> snapshotter = GlobalOptions.Snapshotter();
        Option<bool> all = new("--all-platforms") { Description = "Pull the image whole; only the one platform is unpacked" };
        Option<bool> local = new("--local") { Description = "Pull in this process and not in the daemon" };
        PullOptions options = new(withUser: true);
        command.Add(image);
        command.Add(all);
        command.Add(local);
        command.Add(snapshotter);
        options.AddTo(command);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            ImageRequest request = options.ToRequest(parse, parse.GetValue(snapshotter)!);
            Reference pulled = await Puller.PullAsync(
                session,
                parse.GetValue(image)!,
                request with { AllPlatforms = parse.GetValue(all), IsLocal = parse.GetValue(local) });
            StandardStreams.Out.WriteLine(pulled.ToString());
            return ExitCodes.Success;
        }));
        return command;
    }
}
