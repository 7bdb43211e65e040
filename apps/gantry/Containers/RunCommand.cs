using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Containers.Settings;
using Gantry.Cli.Output;
using Gantry.Client.Tasks;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry run</c>: makes a container of an image and runs it.</summary>
/// <remarks>
/// 1. Make the container, see <see cref="ContainerFactory"/>.
/// 2. Create the task, start it, and see it through; at the same time drop the lease.
/// 3. Remove the task, and with <c>--rm</c> record and snapshot as well. Whatever fails before the process runs leaves
///    nothing behind.
/// </remarks>
internal static class RunCommand
{
    public static Command Create()
    {
        Command command = new(CommandOfContainer.RunName, "Run a command in a new container");
        RunOptions options = new();
        options.AddTo(command);
        command.SetAction(Session.Action((session, parse) => RunAsync(session, parse, options)));
        return command;
    }

    private static async Task<int> RunAsync(Session session, ParseResult parse, RunOptions options)
    {
        Check(parse, options);

        // Step 1
        (NewContainer container, Task dropping) = await new ContainerFactory(session, parse, options).MakeAsync();
        try
        {
            return parse.GetValue(options.Process.Detach)
                ? await StartDetachedAsync(session, parse, options, container)
                : await RunAttachedAsync(session, parse, options, container);
        }
        finally
        {
            await dropping;
        }
    }

    private static void Check(ParseResult parse, RunOptions options)
    {
        bool detach = parse.GetValue(options.Process.Detach);
        if (detach && parse.GetValue(options.Remove))
        {
            throw new FormatException("--rm and --detach can't be used together");
        }

        if (detach && (parse.GetValue(options.Process.Tty) || parse.GetValue(options.Process.Interactive)))
        {
            throw new FormatException("--detach leaves nothing to be attached to: leave out -i and -t");
        }

        if (options.Restart.Labels(parse, logUri: null).Any() && !detach)
        {
            throw new FormatException("--restart needs --detach");
        }

        if (!detach && parse.GetValue(options.Output.LogUri) is not null)
        {
            throw new FormatException("--log-uri needs --detach");
        }
    }

    private static async Task<int> StartDetachedAsync(
        Session session,
        ParseResult parse,
        RunOptions options,
        NewContainer container)
    {
        string? logUri =
            parse.GetValue(options.Output.LogUri) ?? await ContainerLog.DefaultUriAsync(session, container.Id);
        ProcessStreams streams = logUri is null
            ? ProcessStreams.None
            : new ProcessStreams("", logUri, logUri, Terminal: false);
        TaskClient tasks = session.Scope.Tasks;
        try
        {
            uint pid = await tasks.CreateAsync(
                container.Id, container.Mounts, streams, cancellationToken: session.Token);
            await options.Record.WritePidAsync(parse, pid, session.Token);
            await tasks.StartAsync(container.Id, cancellationToken: session.Token);
        }
        catch
        {
            await container.RemoveAsync(session.Scope);
            throw;
        }

        StandardStreams.Out.WriteLine(container.Id);
        return ExitCodes.Success;
    }

    private static async Task<int> RunAttachedAsync(
        Session session,
        ParseResult parse,
        RunOptions options,
        NewContainer container)
    {
        bool ended = false;
        try
        {
            // Step 2
            await using Attachment attachment = Attachment.Open(
                session,
                container.Id,
                execId: "",
                parse.GetValue(options.Process.Tty),
                parse.GetValue(options.Process.Interactive));
            uint pid = await session.Scope.Tasks.CreateAsync(
                container.Id, container.Mounts, attachment.Streams, cancellationToken: session.Token);
            await options.Record.WritePidAsync(parse, pid, session.Token);
            int status = await attachment.RunAsync();
            ended = true;

            // Step 3
            if (parse.GetValue(options.Remove))
            {
                await container.RemoveEndedAsync(session.Scope);
            }
            else
            {
                await container.KeepEndedAsync(session.Scope, status);
            }

            return status;
        }
        catch when (!ended)
        {
            await container.RemoveAsync(session.Scope);
            throw;
        }
    }
}
