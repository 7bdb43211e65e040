using System.CommandLine;
using Gantry.Cli.CommandLine;

namespace Gantry.Cli.Manual;

/// <summary><c>gantry man DIR</c>: writes a manual page for each command, out of the definitions of the commands.</summary>
internal static class ManCommand
{
    public static Command Create()
    {
        Command command = new("man", "Write the manual pages into a directory") { Hidden = true };
        Argument<string> directory = new("dir") { Description = "Where to" };
        command.Add(directory);
        command.SetAction(parse =>
        {
            string target = parse.GetValue(directory)!;
            Directory.CreateDirectory(target);
            CommandPages.Write(CommandTree.Build(), target);
            return ExitCodes.Success;
        });
        return command;
    }
}
