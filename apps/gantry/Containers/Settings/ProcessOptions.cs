using System.CommandLine;
using System.Text;
using Gantry.Cli.CommandLine;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Options of a process that <c>run</c>, <c>create</c> and <c>exec</c> share.</summary>
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

    public Option<string[]> EnvFiles { get; } = Repeated.Option(
        "--env-file", "file", "Set the environment variables of a file, one a line");

    public Option<string?> Cwd { get; } = new("--cwd", "-w", "--workdir")
    {
        Description = "Working directory",
        HelpName = "path",
    };

    public Option<string?> User { get; } = new("--user", "-u")
    {
        Description = "User to run as: name or id, and perhaps :group",
        HelpName = "user",
    };

    public Option<string[]> Groups { get; } = Repeated.Option(
        "--group-add", "group", "Further group, name or id, that the process belongs to");

    public void AddTo(Command command)
    {
        command.Add(Detach);
        command.Add(Interactive);
        AddSpecTo(command);
    }

    /// <summary>Adds those that the spec keeps.</summary>
    public void AddSpecTo(Command command)
    {
        command.Add(Tty);
        command.Add(Env);
        command.Add(EnvFiles);
        command.Add(Cwd);
        command.Add(User);
        command.Add(Groups);
    }

    /// <summary>The environment asked for; a name without a value takes the value that it has here.</summary>
    /// <exception cref="FormatException">A file can't be read.</exception>
    public IReadOnlyList<string> Environment(ParseResult parse) =>
    [
        .. (parse.GetValue(EnvFiles) ?? []).SelectMany(Lines)
            .Concat(parse.GetValue(Env) ?? [])
            .Select(v =>
                !v.Contains('=', StringComparison.Ordinal) && System.Environment.GetEnvironmentVariable(v) is { } value
                    ? $"{v}={value}"
                    : v),
    ];

    /// <summary>The lines of a file; empty ones and those after # are remarks.</summary>
    private static IEnumerable<string> Lines(string path) =>
        Encoding.UTF8.GetString(SmallFile.Read("environment file", path))
            .Split('\n')
            .Select(l => l.TrimEnd('\r').TrimStart())
            .Where(l => l.Length > 0 && l[0] != '#');
}
