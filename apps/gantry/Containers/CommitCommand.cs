using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Images;
using Gantry.Client.Tasks;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;
using Gantry.Transfer.Commit;
using Gantry.Transfer.Images;

namespace Gantry.Cli.Containers;

/// <summary><c>gantry commit</c>: makes an image of a container's image and what has changed in the container.</summary>
internal static class CommitCommand
{
    public static Command Create()
    {
        Command command = new("commit", "Make an image of what has changed in a container");
        Argument<string> container = new("container") { Description = "Id of the container" };
        Option<bool> pause = new("--pause", "-p")
        {
            Description = "Let the container rest meanwhile; --pause=false: it goes on",
            DefaultValueFactory = _ => true,
        };
        CommitOptions options = new();
        command.Add(container);
        command.Add(pause);
        options.AddTo(command);
        command.SetAction(Session.Action((session, parse) =>
            RunAsync(session, parse, options, parse.GetValue(container)!, parse.GetValue(pause))));
        return command;
    }

    private static async Task<int> RunAsync(
        Session session,
        ParseResult parse,
        CommitOptions options,
        string id,
        bool pause)
    {
        options.Check(parse);
        ContainerRecord container = await session.Scope.Containers.GetAsync(id, session.Token);
        if (container.SnapshotKey.Length == 0)
        {
            throw new GantryException(ErrorKind.FailedPrecondition, $"container \"{id}\": it has no snapshot");
        }

        ISnapshotter snapshots = session.Scope.Snapshots(container.Snapshotter);
        SnapshotInfo snapshot = await snapshots.StatAsync(container.SnapshotKey, session.Token);
        ResolvedImage image = await BaseImage.FindAsync(
            session.Scope, container.Image, snapshot.Parent, PlatformMatcher.Default, session.Token);
        CommitRequest request = options.ToRequest(
            parse,
            image.ManifestDescriptor,
            container.Snapshotter,
            await snapshots.MountsAsync(container.SnapshotKey, session.Token),
            CommandOf(container));

        bool paused = pause && await PauseAsync(session, id);
        try
        {
            return await Committer.RunAsync(session, request);
        }
        finally
        {
            if (paused)
            {
                using CancellationTokenSource limit = Session.Cleanup();
                await ContainerCleanup.IgnoreAbsentAsync(session.Scope.Tasks.ResumeAsync(id, limit.Token));
            }
        }
    }

    /// <summary>Pauses a container that runs.</summary>
    /// <returns>Whether it is to be resumed.</returns>
    private static async Task<bool> PauseAsync(Session session, string id)
    {
        try
        {
            ProcessState state = await session.Scope.Tasks.GetAsync(id, cancellationToken: session.Token);
            if (state.Status != ProcessStatus.Running)
            {
                return false;
            }
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It has no task, so nothing changes its files.
            return false;
        }

        await session.Scope.Tasks.PauseAsync(id, session.Token);
        return true;
    }

    /// <summary>The command of the container, for the history.</summary>
    private static string CommandOf(ContainerRecord container)
    {
        try
        {
            return container.Spec is { } spec
                ? string.Join(' ', RuntimeSpecJson.ReadSpec(spec.Value.Span).Process?.Args ?? [])
                : "";
        }
        catch (FormatException)
        {
            // The spec is the client's business; only the history is poorer.
            return "";
        }
    }
}
