using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;

namespace Gantry.Cli.Images;

/// <summary><c>gantry image tag</c>: gives an image more names.</summary>
internal static class TagCommand
{
    public static Command Create()
    {
        Command command = new("tag", "Give an image more names");
        Argument<string> image = new("image") { Description = "Name of the image" };
        Argument<string[]> names = new("name") { Description = "Names it is to have, too", Arity = ArgumentArity.OneOrMore };
        Option<bool> force = new("--force") { Description = "Take a name from the image that has it" };
        command.Add(image);
        command.Add(names);
        command.Add(force);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            ImageRecord source = await ImageLookup.FindAsync(session, parse.GetValue(image)!);
            return await Each.RunAsync(parse.GetValue(names)!, async name =>
            {
                string full = Reference.ParseFamiliar(name).ToString();
                ImageRecord record = new(full, source.Target, source.Labels);
                try
                {
                    await session.Scope.Images.CreateAsync(record, session.Token);
                }
                catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists && parse.GetValue(force))
                {
                    await session.Scope.Images.UpdateAsync(record, FieldMask.Empty, session.Token);
                }
            });
        }));
        return command;
    }
}
