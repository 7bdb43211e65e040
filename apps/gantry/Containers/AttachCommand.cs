using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Client.Tasks;
using Gantry.Core.Errors;

namespace Gantry.Cli.Containers;

/// <summary>
/// <c>gantry attach</c>: takes over the streams of a container whose client has gone. It reads on from where that stopped.
/// </summary>
internal static class AttachCommand
{
    public static Command Create()
    {
        Command command = new("attach", "Take over the input and output of a running container whose client has gone");
        Argument<string> container = new("container") { Description = "Id of the container" };
        command.Add(container);
        command.SetAction(Session.Action((session, parse) => RunAsync(session, parse.GetValue(container)!)));
        return command;
    }

    private static async Task<int> RunAsync(Session session, string id)
    {
        ProcessState state = await session.Scope.Tasks.GetAsync(id, cancellationToken: session.Token);
        if (!Path.IsPathRooted(state.Stdout))
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                state.Stdout.Length == 0
                    ? $"container \"{id}\": its output goes nowhere"
                    : $"container \"{id}\": its output goes to {state.Stdout}: see gantry logs");
        }

        await using Attachment attachment = Attachment.To(session, state);
        return await attachment.ResumeAsync();
    }
}
