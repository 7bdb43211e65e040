using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry backup</c>: copies the metadata while the daemon works.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        Command command = new("backup", "Copy the daemon's metadata database into a new file, while the daemon works");
        Argument<string> file = new("file") { Description = "The new file, on the daemon's machine" };
        command.Add(file);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            string path = Path.GetFullPath(parse.GetValue(file)!);
            long bytes = await session.Client.Maintenance.BackupAsync(path, session.Token);
            StandardStreams.Out.WriteLine($"{path}: {Human.Size(bytes)}");
            return ExitCodes.Success;
        }));
        return command;
    }
}
