using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry logs</c>: shows what a container in the background has written.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        Command command = new("logs", "Show what a container in the background has written");
        Argument<string> container = new("container") { Description = "Id of the container" };
        Option<bool> follow = new("--follow", "-f") { Description = "Go on with what it writes from now on, until it ends" };
        Option<int?> tail = new("--tail", "-n") { Description = "Only so many lines from the end", HelpName = "number" };
        Option<string?> since = new("--since")
        {
            Description = "Only what was written since then: 10m, 1h30m, or 2026-11-24T14:00:00Z",
            HelpName = "time",
        };
        Option<bool> timestamps = new("--timestamps", "-t") { Description = "Show when each line was written" };
        command.Add(container);
        command.Add(follow);
        command.Add(tail);
        command.Add(since);
        command.Add(timestamps);
        command.SetAction(Session.Action((session, parse) => RunAsync(
            session,
            parse.GetValue(container)!,
            parse.GetValue(follow),
            parse.GetValue(tail),
            Since(parse.GetValue(since)),
            parse.GetValue(timestamps))));
        return command;
    }

    private static async Task<int> RunAsync(
        Session session, string id, bool follow, int? tail, DateTimeOffset? since, bool timestamps)
    {
        if (tail < 0)
        {
            throw new FormatException($"--tail {tail}: not a number of lines");
        }

        (string path, bool lines) = await ContainerLog.FindAsync(session, id);
        if (!lines && (since is not null || timestamps))
        {
            throw new FormatException($"{path} does not say when its lines were written");
        }

        // The end of the process is asked for before the file is read, so that nothing is missed in between.
        Task ended = follow ? EndAsync(session, id) : Task.CompletedTask;
        await using LogReader reader = new(path, lines);
        Queue<LogLine> last = new();
        int whole = 0;
        await foreach (LogLine line in reader.ReadAsync(session.Token))
        {
            if (line.Time < since)
            {
                continue;
            }

            if (tail is not { } limit)
            {
                Write(line, timestamps);
                continue;
            }

            last.Enqueue(line with { Text = line.Text.ToArray() });
            whole += line.Ends ? 1 : 0;
            while (whole > limit && last.TryDequeue(out LogLine first))
            {
                whole -= first.Ends ? 1 : 0;
            }
        }

        foreach (LogLine line in last)
        {
            Write(line, timestamps);
        }

        if (follow)
        {
            await foreach (LogLine line in reader.FollowAsync(ended, session.Token))
            {
                Write(line, timestamps);
            }
        }

        return ExitCodes.Success;
    }

    private static async Task EndAsync(Session session, string id)
    {
        try
        {
            await session.Scope.Tasks.WaitAsync(id, cancellationToken: session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It has ended before, and its task is gone.
        }
    }

    private static void Write(LogLine line, bool timestamps)
    {
        string time = timestamps && line.Time is { } at
            ? at.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z' ", CultureInfo.InvariantCulture)
            : "";
        byte[] bytes = new byte[time.Length + line.Text.Length + (line.Ends ? 1 : 0)];
        System.Text.Encoding.ASCII.GetBytes(time, bytes);
        line.Text.CopyTo(bytes.AsMemory(time.Length));
        if (line.Ends)
        {
            bytes[^1] = (byte)'\n';
        }

        FileData.Write(line.IsError ? StandardStreams.Stderr : StandardStreams.Stdout, bytes);
    }

    private static DateTimeOffset? Since(string? text) =>
        text is null ? null
        : Values.TryDuration(text, out TimeSpan ago) ? TimeProvider.System.GetUtcNow() - ago
        : DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset time) ? time
        : throw new FormatException($"--since {text}: no time such as 10m, 1h30m or 2026-11-24T14:00:00Z");
}
