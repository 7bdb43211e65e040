using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Core.Maintenance;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry doctor</c>: looks for damage and remains. With <c>--root</c> it needs no daemon.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Command command = new("doctor", "Look for damage and remains in the daemon's data, and repair what is safe to repair");
        Option<bool> repair = new("--repair") { Description = "Repair what can be repaired safely" };
        Option<bool> quick = new("--quick") { Description = "Leave out what reads every byte" };
        Option<bool> json = new("--json") { Description = "An object of JSON for each finding, a line each" };
        Option<string> root = new("--root")
        {
            Description = "Check this root directory, on which no daemon runs",
            HelpName = "dir",
        };
        command.Add(repair);
        command.Add(quick);
        command.Add(json);
        command.Add(root);
        Func<ParseResult, CancellationToken, Task<int>> online = Session.Action(
            (session, parse) => CheckAsync(
                session,
                new CheckOptions(parse.GetValue(repair), parse.GetValue(quick)),
                parse.GetValue(json)));
        command.SetAction((parse, token) => parse.GetValue(root) is { Length: > 0 } directory
            ? DaemonProgram.RunAsync(
                [
                    "doctor", directory,
                    .. parse.GetValue(repair) ? ["--repair"] : Array.Empty<string>(),
                    .. parse.GetValue(quick) ? ["--quick"] : Array.Empty<string>(),
                    .. parse.GetValue(json) ? ["--json"] : Array.Empty<string>(),
                ],
                token)
            : online(parse, token));
        return command;
    }

    private static async Task<int> CheckAsync(Session session, CheckOptions options, bool json)
    {
        int open = 0;
        int repaired = 0;
        try
        {
            await session.Client.Maintenance.CheckAsync(
                options,
                finding =>
                {
                    open += finding.IsOpen ? 1 : 0;
                    repaired += finding.Outcome == FindingOutcome.Repaired ? 1 : 0;
                    StandardStreams.Out.WriteLine(
                        json ? FindingText.ForPrograms(finding) : FindingText.ForPeople(finding));
                    return Task.CompletedTask;
                },
                session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.Unavailable)
        {
            throw GantryException.Verbatim(
                e.Kind,
                $"{e.Message}; without a daemon: gantry doctor --root DIR",
                e);
        }

        if (!json)
        {
            StandardStreams.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{open} problems{(repaired > 0 ? $", {repaired} repaired" : "")}"));
        }

        return open == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }
}
