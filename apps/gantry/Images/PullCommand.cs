using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Images;

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
        PullOptions options = new(withUser: true);
        command.Add(image);
        command.Add(all);
        command.Add(snapshotter);
        options.AddTo(command);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            ImageRecord pulled = await Puller.PullAsync(
                session,
                parse.GetValue(image)!,
                options.ToRequest(parse, parse.GetValue(snapshotter)!) with { AllPlatforms = parse.GetValue(all) });
            StandardStreams.Out.WriteLine(pulled.Name);
            return ExitCodes.Success;
        }));
        return command;
    }
}
