using System.CommandLine;
using Gantry.Cli.CommandLine;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry kill</c>: sends a signal to containers.</summary>
internal static class KillCommand
{
    public static Command Create()
    {
        Command command = new("kill", "Send a signal to containers");
        Argument<string[]> containers = new("container")
        {
            Description = "Ids of containers",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> signal = new("--signal", "-s")
        {
            Description = "Name or number of the signal",
            HelpName = "signal",
            DefaultValueFactory = _ => "SIGTERM",
        };
        Option<bool> all = new("--all") { Description = "Send it to every process of the container" };
        Option<string> execId = new("--exec-id")
        {
            Description = "Send it to this further process of the container",
            HelpName = "id",
            DefaultValueFactory = _ => "",
        };
        command.Add(containers);
        command.Add(signal);
        command.Add(all);
        command.Add(execId);
        command.SetAction(Session.Action((session, parse) =>
        {
            uint number = SignalNames.Parse(parse.GetValue(signal)!);
            return Each.RunAsync(parse.GetValue(containers)!, id => session.Scope.Tasks.KillAsync(
                id, number, parse.GetValue(execId)!, parse.GetValue(all), session.Token));
        }));
        return command;
    }
}
