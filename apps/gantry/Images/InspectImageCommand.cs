using System.CommandLine;
using Gantry.Cli.CommandLine;

namespace Gantry.Cli.Images;

/// <summary><c>gantry image inspect</c>: all that is known of an image, as JSON.</summary>
internal static class InspectImageCommand
{
    public static Command Create()
    {
        Command command = new("inspect", "Show all that is known of an image");
        Argument<string> image = new("image") { Description = "Name of the image" };
        Option<string?> platform = PlatformOption.Create();
        command.Add(image);
        command.Add(platform);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            await ImageInspection.ShowAsync(
                session, await ImageLookup.FindAsync(session, parse.GetValue(image)!), parse.Read(platform));
            return ExitCodes.Success;
        }));
        return command;
    }
}
