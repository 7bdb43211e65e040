using System.Text;

namespace Gantry.Daemon;

/// <summary>All flags and commands: what is read, what help shows and what the manual says.</summary>
internal static class Definitions
{
    /// <summary>What the program is.</summary>
    public const string Summary = "a container runtime daemon that speaks containerd's API";

    /// <summary>Flags of the daemon, and of every command.</summary>
    public static readonly IReadOnlyList<Flag> Flags =
    [
        new("config", "c", "FILE", "the configuration file", (line, value) => line with { Config = value }),
        new("log-level", "l", "LEVEL", "trace, debug, info, warn, error, fatal or panic", (line, value) => line with { LogLevel = value }),
        new("log-format", "", "FORMAT", "text or json", (line, value) => line with { LogFormat = value }),
        new("log-to", "", "TARGET", "stderr or journald", (line, value) => line with { LogTarget = value }),
        new("address", "a", "PATH", "the socket of the API", (line, value) => line with { Address = value }),
        new("root", "", "DIR", "where everything durable is kept", (line, value) => line with { Root = value }),
        new("state", "", "DIR", "where everything is kept that need not outlive a reboot", (line, value) => line with { State = value }),
        new("as-containerd", "", "", "use containerd's places; the same as being started as «containerd»", (line, _) => line with { AsContainerd = true }),
        new("version", "v", "", "print the version", (line, _) => line with { ShowVersion = true }),
        new("help", "h", "", "print this", (line, _) => line with { ShowHelp = true }),
    ];

    /// <summary>The commands.</summary>
    public static readonly IReadOnlyList<CommandDefinition> Commands =
    [
        new("config default", "", "print the configuration that holds when there is no file", []),
        new("config dump", "", "print the configuration that holds", []),
        new("config migrate", "", "print the configuration file in the newest version", []),
        new("config check", "[FILE]", "name each key that nothing reads, with its file and line; exits with 1 when there is one", []),
        new(
            "adopt", "ROOT", "take over a root of containerd, which is stopped",
            [new("dry-run", "", "", "only tell what would be done", (line, _) => line with { DryRun = true })]),
        new(
            "doctor", "ROOT", "look for damage and remains where no daemon runs",
            [
                new("repair", "", "", "repair what is safe to", (line, _) => line with { Repair = true }),
                new("quick", "", "", "leave out what reads every byte", (line, _) => line with { Quick = true }),
                new("json", "", "", "print JSON", (line, _) => line with { Json = true }),
            ]),
        new(
            "rebuild", "ROOT", "make a new database from the blobs on disk, when the old one is lost",
            [new("namespace", "", "NAME", "the namespace of what is found", (line, value) => line with { Namespace = value })]),
        new(
            "publish", "", "publish an event, read from standard input",
            [
                new("topic", "", "TOPIC", "the topic of the event", (line, value) => line with { Topic = value }),
                new("namespace", "", "NAME", "the namespace of the event", (line, value) => line with { Namespace = value }),
            ]),
    ];

    /// <summary>What help shows.</summary>
    public static string Usage()
    {
        StringBuilder text = new();
        text.AppendLine($"gantryd: {Summary}").AppendLine().AppendLine("usage: gantryd [flags] [command]");
        text.AppendLine().AppendLine("commands:");
        int width = Commands.Max(command => command.Shown.Length);
        foreach (CommandDefinition command in Commands)
        {
            string flags = string.Join(", ", command.Flags.Select(flag => $"--{flag.Name}"));
            text.Append("  ").Append(command.Shown.PadRight(width)).Append("  ").Append(command.Meaning);
            text.AppendLine(flags.Length > 0 ? $" ({flags})" : "");
        }

        text.AppendLine().AppendLine("flags:");
        width = Flags.Max(flag => flag.Shown.Length);
        foreach (Flag flag in Flags)
        {
            text.Append("  ").Append(flag.Shown.PadRight(width)).Append("  ").AppendLine(flag.Meaning);
        }

        return text.AppendLine().ToString();
    }

    /// <summary>The flag of a word, without its dashes; null when there is none.</summary>
    public static Flag? Find(string word) =>
        Flags.Concat(Commands.SelectMany(command => command.Flags)).FirstOrDefault(flag => flag.Is(word));
}
