using System.CommandLine;
using System.Reflection;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;

namespace Gantry.Cli.Completion;

/// <summary><c>gantry completion SHELL</c>: prints what makes a shell complete the words of gantry.</summary>
internal static class CompletionCommand
{
    public static Command Create()
    {
        Command command = new("completion", "Print what makes a shell complete commands, options and names");
        Argument<string> shell = new("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        command.Add(shell);
        command.SetAction(parse =>
        {
            StandardStreams.Out.Write(Script(parse.GetValue(shell)!));
            return ExitCodes.Success;
        });
        return command;
    }

    private static string Script(string shell)
    {
        using Stream script = Assembly.GetExecutingAssembly().GetManifestResourceStream($"gantry.{shell}")!;
        using StreamReader reader = new(script);
        return reader.ReadToEnd();
    }
}
