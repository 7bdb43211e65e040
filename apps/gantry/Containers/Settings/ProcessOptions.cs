using System.CommandLine;
using Gantry.Cli.CommandLine;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options of a process that <c>run</c> and <c>exec</c> share.</summary>
internal sealed class ProcessOptions
{
    public Option<bool> Detach { get; } = new("--detach", "-d")
    {
        Description = "Leave it running in the background",
    };

    public Option<bool> Interactive { get; } = new("--interactive", "-i")
    {
        Description = "Pass standard input on",
    };

    public Option<bool> Tty { get; } = new("--tty", "-t")
    {
        Description = "Give it a terminal; implies -i",
    };

    public Option<string[]> Env { get; } = Repeated.Option(
        "--env", "variable", "Set an environment variable, NAME=value", "-e");

    public Option<string?> Cwd { get; } = new("--cwd", "-w")
    {
        Description = "Working directory",
        HelpName = "path",
    };

    public Option<string?> User { get; } = new("--user", "-u")
    {
        Description = "User to run as: name or id, and perhaps :group",
        HelpName = "user",
    };

    public void AddTo(Command command)
    {
        command.Add(Detach);
        command.Add(Interactive);
        command.Add(Tty);
        command.Add(Env);
        command.Add(Cwd);
        command.Add(User);
    }

    /// <summary>The environment asked for; a name without a value takes the value that it has here.</summary>
    public IReadOnlyList<string> Environment(ParseResult parse) =>
    [
        .. (parse.GetValue(Env) ?? []).Select(v =>
            !v.Contains('=', StringComparison.Ordinal) && System.Environment.GetEnvironmentVariable(v) is { } value
                ? $"{v}={value}"
                : v),
    ];
}
