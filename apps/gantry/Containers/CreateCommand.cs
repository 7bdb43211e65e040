using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Containers.Settings;
using Gantry.Cli.Output;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry create</c>: makes a container that <c>gantry start</c> runs later.</summary>
internal static class CreateCommand
{
    public static Command Create()
    {
        Command command = new(CommandOfContainer.CreateName, "Make a container without running it");
        RunOptions options = new();
        options.AddSpecTo(command);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            (NewContainer container, Task dropping) =
                await new ContainerFactory(session, parse, options).MakeAsync();
            await dropping;
            StandardStreams.Out.WriteLine(container.Id);
            return ExitCodes.Success;
        }));
        return command;
    }
}
