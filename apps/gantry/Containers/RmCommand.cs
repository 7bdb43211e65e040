using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Client.Tasks;
using Gantry.Core.Containers;
using Gantry.Core.Errors;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry rm</c>: removes containers, with what is left of their tasks, and their snapshots.</summary>
internal static class RmCommand
{
    public static Command Create()
    {
        Command command = new("rm", "Remove containers");
        Argument<string[]> containers = new("container")
        {
            Description = "Ids of containers",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<bool> force = new("--force", "-f") { Description = "Kill them first if they run" };
        command.Add(containers);
        command.Add(force);
        command.SetAction(Session.Action((session, parse) => Each.RunAsync(
            parse.GetValue(containers)!,
            id => RemoveAsync(session, id, parse.GetValue(force)))));
        return command;
    }

    private static async Task RemoveAsync(Session session, string id, bool force)
    {
        ContainerRecord container = await session.Scope.Containers.GetAsync(id, session.Token);
        ProcessStatus? status = await StatusAsync(session, id);
        bool ended = status is null or ProcessStatus.Stopped;
        if (!ended && !force)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"container \"{id}\" is {status.ToString()!.ToLowerInvariant()}: stop it first, or use -f");
        }

        await ContainerCleanup.RemoveAsync(
            session.Scope, container, hasTask: status is not null, force: !ended, session.Token);
    }

    private static async Task<ProcessStatus?> StatusAsync(Session session, string id)
    {
        try
        {
            return (await session.Scope.Tasks.GetAsync(id, cancellationToken: session.Token)).Status;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            return null;
        }
    }
}
