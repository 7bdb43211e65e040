using System.CommandLine;
using Gantry.Cli.CommandLine;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry pause</c> and <c>gantry unpause</c>: freeze all processes of containers, and thaw them.</summary>
internal static class PauseCommand
{
    public static Command CreatePause() => Create(
        new Command("pause", "Freeze all processes of containers"),
        (session, id) => session.Scope.Tasks.PauseAsync(id, session.Token));

    public static Command CreateUnpause()
    {
        Command command = new("unpause", "Let paused containers go on");
        command.Aliases.Add("resume");
        return Create(command, (session, id) => session.Scope.Tasks.ResumeAsync(id, session.Token));
    }

    private static Command Create(Command command, Func<Session, string, Task> action)
    {
        Argument<string[]> containers = new("container")
        {
            Description = "Ids of containers",
            Arity = ArgumentArity.OneOrMore,
        };
        command.Add(containers);
        command.SetAction(Session.Action((session, parse) =>
            Each.RunAsync(parse.GetValue(containers)!, id => action(session, id))));
        return command;
    }
}
