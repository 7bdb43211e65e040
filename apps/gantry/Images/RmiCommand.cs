using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Core.Images;

namespace Gantry.Cli.Images;

/// <summary><c>gantry rmi</c>: removes images.</summary>
internal static class RmiCommand
{
    public static Command Create()
    {
        Command command = new("rmi", "Remove images");
        Argument<string[]> images = new("image")
        {
            Description = "Names of images",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<bool> sync = new("--sync") { Description = "Wait until their content has been collected" };
        command.Add(images);
        command.Add(sync);
        command.SetAction(Session.Action((session, parse) => Each.RunAsync(parse.GetValue(images)!, async name =>
        {
            ImageRecord image = await ImageLookup.FindAsync(session, name);
            await session.Scope.Images.DeleteAsync(image.Name, parse.GetValue(sync), target: null, session.Token);
        })));
        return command;
    }
}
