using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry top</c>: the processes of a container, as the host sees them.</summary>
internal static class TopCommand
{
    /// <summary>USER_HZ: what the kernel counts a process's time in, on every architecture.</summary>
    private const int TicksPerSecond = 100;

    public static Command Create()
    {
        Command command = new("top", "List the processes of a container");
        Argument<string> container = new("container") { Description = "Id of the container" };
        command.Add(container);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            Table table = new("UID", "PID", "PPID", "STATE", "TIME", "COMMAND");
            foreach (uint pid in await session.Scope.Tasks.PidsAsync(parse.GetValue(container)!, session.Token))
            {
                if (TryRead(pid) is { } row)
                {
                    table.Add(row);
                }
            }

            table.WriteTo(StandardStreams.Out);
            return ExitCodes.Success;
        }));
        return command;
    }

    /// <summary>Reads what proc(5) says of a process; null when it has just ended.</summary>
    private static string[]? TryRead(uint pid)
    {
        string directory = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}");
        try
        {
            // pid (name) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime …; a name may
            // have spaces and parentheses of its own.
            string stat = File.ReadAllText($"{directory}/stat");
            int end = stat.LastIndexOf(')');
            string[] fields = stat[(end + 2)..].Split(' ');
            string name = stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end];
            long ticks = Number(fields[11]) + Number(fields[12]);
            string command = File.ReadAllText($"{directory}/cmdline").TrimEnd('\0').Replace('\0', ' ');
            string uid = File.ReadLines($"{directory}/status")
                .First(l => l.StartsWith("Uid:", StringComparison.Ordinal))
                .Split('\t')[1];
            return
            [
                uid,
                pid.ToString(CultureInfo.InvariantCulture),
                fields[1],
                fields[0],
                TimeSpan.FromSeconds(ticks / TicksPerSecond).ToString("c", CultureInfo.InvariantCulture),
                command.Length > 0 ? command : $"[{name}]",
            ];
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
