using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Containers;
using Gantry.Core.Errors;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry wait</c>: waits until containers have ended, and prints their exit statuses.</summary>
internal static class WaitCommand
{
    public static Command Create()
    {
        Command command = new("wait", "Wait until containers have ended, and print their exit statuses");
        Argument<string[]> containers = new("container")
        {
            Description = "Ids of containers",
            Arity = ArgumentArity.OneOrMore,
        };
        command.Add(containers);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            Task<uint>[] exits = [.. parse.GetValue(containers)!.Select(id => WaitAsync(session, id))];
            foreach (Task<uint> exit in exits)
            {
                StandardStreams.Out.WriteLine((await exit).ToString(CultureInfo.InvariantCulture));
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static async Task<uint> WaitAsync(Session session, string id)
    {
        try
        {
            return (await session.Scope.Tasks.WaitAsync(id, cancellationToken: session.Token)).Status;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            ContainerRecord container = await session.Scope.Containers.GetAsync(id, session.Token);
            return ContainerLabels.ExitStatusOf(container)
                ?? throw new GantryException(ErrorKind.FailedPrecondition, $"container \"{id}\": it has not run");
        }
    }
}
