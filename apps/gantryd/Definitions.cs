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
        Setting("log-level", "l", "LEVEL", "trace, debug, info, warn, error, fatal or panic"),
        Setting("log-format", "", "FORMAT", "text or json"),
        Setting("log-to", "", "TARGET", "stderr or journald"),
        Setting("address", "a", "PATH", "the socket of the API"),
        Setting("root", "", "DIR", "where everything durable is kept"),
        Setting("state", "", "DIR", "where everything is kept that need not outlive a reboot"),
        Flag.Switch("as-containerd", "", "use containerd's places; the same as being started as «containerd»", (line, on) => line with { AsContainerd = on }),
        Flag.Switch("version", "v", "print the version", (line, on) => line with { ShowVersion = on }),
        Flag.Switch("help", "h", "print this", (line, on) => line with { ShowHelp = on }),
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
            [Flag.Switch("dry-run", "", "only tell what would be done", (line, on) => line with { DryRun = on })]),
        new(
            "doctor", "ROOT", "look for damage and remains where no daemon runs",
            [
                Flag.Switch("repair", "", "repair what is safe to", (line, on) => line with { Repair = on }),
                Flag.Switch("quick", "", "leave out what reads every byte", (line, on) => line with { Quick = on }),
                Flag.Switch("json", "", "print JSON", (line, on) => line with { Json = on }),
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

    /// <summary>Whether a flag is one of every command, or of the command that was asked for.</summary>
    /// <param name="words">The command and its own words.</param>
    /// <param name="flag">The flag, without its dashes.</param>
    public static bool Has(IReadOnlyList<string> words, string flag) =>
        Flags.Concat(Commands.Where(command => command.Is(words)).SelectMany(command => command.Flags))
            .Any(known => known.Is(flag));

    /// <summary>A flag that goes before a key of the config file.</summary>
    private static Flag Setting(string name, string shortName, string value, string meaning) =>
        new(name, shortName, value, meaning, (line, text) => line with { Settings = [.. line.Settings, new(name, text)] });
}
