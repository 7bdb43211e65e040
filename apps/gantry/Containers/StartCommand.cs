using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Client.Tasks;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry start</c>: runs containers that were made, or that have ended, once more.</summary>
internal static class StartCommand
{
    public static Command Create()
    {
        Command command = new("start", "Run containers that were created, or that have ended");
        Argument<string[]> containers = new("container")
        {
            Description = "Ids of containers",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<bool> attach = new("--attach", "-a") { Description = "Stay attached to the one container" };
        Option<bool> interactive = new("--interactive", "-i") { Description = "Pass standard input on; implies -a" };
        Option<string?> logUri = new("--log-uri")
        {
            Description = "Where output goes, such as file:///var/log/web.log; without it, where gantry logs looks",
            HelpName = "uri",
        };
        command.Add(containers);
        command.Add(attach);
        command.Add(interactive);
        command.Add(logUri);
        command.SetAction(Session.Action((session, parse) =>
        {
            string[] ids = parse.GetValue(containers)!;
            if (!parse.GetValue(attach) && !parse.GetValue(interactive))
            {
                return Each.RunAsync(ids, id => StartAsync(session, id, parse.GetValue(logUri)));
            }

            return ids is [var only]
                ? RunAttachedAsync(session, only, parse.GetValue(interactive))
                : throw new FormatException("only one container can be attached to");
        }));
        return command;
    }

    private static async Task StartAsync(Session session, string id, string? logUri)
    {
        (ContainerRecord container, IReadOnlyList<Mount> mounts) = await ReadyAsync(session, id);
        if (HasTerminal(container))
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition, $"container \"{id}\": it has a terminal: start it with -a");
        }

        logUri ??= await ContainerLog.DefaultUriAsync(session, id);
        ProcessStreams streams = logUri is null
            ? ProcessStreams.None
            : new ProcessStreams("", logUri, logUri, Terminal: false);
        TaskClient tasks = session.Scope.Tasks;
        await tasks.CreateAsync(id, mounts, streams, cancellationToken: session.Token);
        try
        {
            await tasks.StartAsync(id, cancellationToken: session.Token);
        }
        catch
        {
            await RemoveTaskAsync(session, id);
            throw;
        }
    }

    private static async Task<int> RunAttachedAsync(Session session, string id, bool interactive)
    {
        (ContainerRecord container, IReadOnlyList<Mount> mounts) = await ReadyAsync(session, id);
        await using Attachment attachment =
            Attachment.Open(session, id, execId: "", HasTerminal(container), interactive);
        await session.Scope.Tasks.CreateAsync(id, mounts, attachment.Streams, cancellationToken: session.Token);
        int status;
        try
        {
            status = await attachment.RunAsync();
        }
        catch
        {
            await RemoveTaskAsync(session, id);
            throw;
        }

        await new NewContainer(container, mounts).KeepEndedAsync(session.Scope, status);
        return status;
    }

    /// <summary>Sees to it that a container has no task: one that has ended is removed.</summary>
    private static async Task<(ContainerRecord Container, IReadOnlyList<Mount> Mounts)> ReadyAsync(
        Session session,
        string id)
    {
        ContainerRecord container = await session.Scope.Containers.GetAsync(id, session.Token);
        try
        {
            ProcessState state = await session.Scope.Tasks.GetAsync(id, cancellationToken: session.Token);
            if (state.Status is not ProcessStatus.Stopped)
            {
                throw new GantryException(ErrorKind.FailedPrecondition, $"container \"{id}\": it runs already");
            }

            await ContainerCleanup.IgnoreAbsentAsync(session.Scope.Tasks.DeleteAsync(id, session.Token));
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It has no task, as it should.
        }

        // What the last run left in the record is over.
        if (container.Labels.ContainsKey(ContainerLabels.ExitStatus))
        {
            await session.Scope.Containers.UpdateAsync(
                new ContainerRecord(id) { Labels = new Dictionary<string, string> { [ContainerLabels.ExitStatus] = "" } },
                new FieldMask(["labels." + ContainerLabels.ExitStatus]),
                session.Token);
        }

        return (container, container.SnapshotKey.Length == 0
            ? []
            : await session.Scope.Snapshots(container.Snapshotter).MountsAsync(container.SnapshotKey, session.Token));
    }

    private static bool HasTerminal(ContainerRecord container) =>
        container.Spec is { } spec && RuntimeSpecJson.ReadSpec(spec.Value.Span).Process?.Terminal is true;

    private static async Task RemoveTaskAsync(Session session, string id)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        await ContainerCleanup.RemoveTaskAsync(session.Scope, id, force: true, limit.Token);
    }
}
