using System.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Linux.Processes;

namespace Gantry.Cli.Daemon;

/// <summary>
/// <c>gantry adopt</c>: takes over a root of containerd. It works on files and without a daemon, and what does it is the
/// daemon's own program: <c>gantryd adopt</c>.
/// </summary>
internal static class AdoptCommand
{
    private const string DaemonProgram = "gantryd";

    public static Command Create()
    {
        Command command = new("adopt", "Take over the data root of a containerd that is stopped");
        Argument<string> root = new("root") { Description = "The data root, such as /var/lib/containerd" };
        Option<bool> dryRun = new("--dry-run") { Description = "Tell what would be done, and write nothing" };
        Option<string?> config = new("--config") { Description = "The daemon's configuration file" };
        command.Add(root);
        command.Add(dryRun);
        command.Add(config);
        command.SetAction(async (parse, _) =>
        {
            List<string> arguments = ["adopt", Path.GetFullPath(parse.GetValue(root)!)];
            if (parse.GetValue(dryRun))
            {
                arguments.Add("--dry-run");
            }

            if (parse.GetValue(config) is { } file)
            {
                arguments.AddRange(["--config", file]);
            }

            ChildExit exit = await Spawn.Start(new SpawnRequest
            {
                Program = FindDaemon(),
                Arguments = arguments,
                Descriptors = StandardStreams.All,
            }).Exit;
            return exit.Code;
        });
        return command;
    }

    private static string FindDaemon()
    {
        string beside = Path.Combine(AppContext.BaseDirectory, DaemonProgram);
        return File.Exists(beside)
            ? beside
            : Spawn.Find(DaemonProgram)
                ?? throw new GantryException(
                    ErrorKind.NotFound,
                    $"program {DaemonProgram}, beside this one in {AppContext.BaseDirectory} or on the PATH");
    }
}
