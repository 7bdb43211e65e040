using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Client.Tasks;
using Gantry.Core.Containers;
using Gantry.Core.Errors;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry stop</c>: asks containers to end, and after a while makes them.</summary>
internal static class StopCommand
{
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        Command command = new("stop", "Stop containers: their stop signal first, SIGKILL after a while");
        Argument<string[]> containers = new("container")
        {
            Description = "Ids of containers",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<TimeSpan?> grace = new("--time", "-t")
        {
            Description = "How long to wait before SIGKILL; without it as long as the container says, or 10s",
            HelpName = "time",
            CustomParser = result => Values.Duration(result),
        };
        Option<string?> signal = new("--signal", "-s")
        {
            Description = "Signal to send first; without it the image's, or SIGTERM",
            HelpName = "signal",
        };
        command.Add(containers);
        command.Add(grace);
        command.Add(signal);
        command.SetAction(Session.Action((session, parse) => Each.RunAsync(
            parse.GetValue(containers)!,
            id => StopAsync(session, id, parse.GetValue(signal), parse.GetValue(grace)))));
        return command;
    }

    private static async Task StopAsync(Session session, string id, string? signal, TimeSpan? grace)
    {
        TaskClient tasks = session.Scope.Tasks;
        ContainerRecord container = await session.Scope.Containers.GetAsync(id, session.Token);
        await ContainerLabels.StayStoppedAsync(session.Scope, container, session.Token);
        ProcessState state;
        try
        {
            state = await tasks.GetAsync(id, cancellationToken: session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It has no task: it is as stopped as can be.
            return;
        }

        if (state.Status is ProcessStatus.Stopped)
        {
            return;
        }

        Task<ProcessExit> wait = tasks.WaitAsync(id, cancellationToken: session.Token);
        uint number = SignalNames.Parse(
            signal ?? container.Labels.GetValueOrDefault(ContainerLabels.StopSignal) ?? "SIGTERM");
        await KillAsync(session, id, number);
        if (state.Status is ProcessStatus.Paused or ProcessStatus.Pausing)
        {
            // Frozen processes take no signal.
            await tasks.ResumeAsync(id, session.Token);
        }

        try
        {
            await wait.WaitAsync(
                grace ?? ContainerLabels.StopTimeoutOf(container) ?? DefaultGrace, session.Token);
        }
        catch (TimeoutException)
        {
            await KillAsync(session, id, SignalNames.Kill);
            await wait;
        }
    }

    private static async Task KillAsync(Session session, string id, uint signal)
    {
        try
        {
            await session.Scope.Tasks.KillAsync(id, signal, cancellationToken: session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It has just ended.
        }
    }
}
