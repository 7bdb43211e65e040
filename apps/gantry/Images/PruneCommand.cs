using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;

namespace Gantry.Cli.Images;

/// <summary><c>gantry image prune</c>: removes images that no container uses.</summary>
internal static class PruneCommand
{
    private const string PinnedLabel = "io.cri-containerd.pinned";

    public static Command Create()
    {
        Command command = new("prune", "Remove images that have no tag, and that no container uses");
        Option<bool> all = new("--all") { Description = "Also those that have a tag" };
        Option<bool> dryRun = new("--dry-run") { Description = "Only print the names of those that would be removed" };
        Option<bool> sync = new("--sync") { Description = "Wait until their content has been collected" };
        command.Add(all);
        command.Add(dryRun);
        command.Add(sync);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            IReadOnlyList<ImageRecord> unused = await UnusedAsync(session, parse.GetValue(all));
            for (int i = 0; i < unused.Count; i++)
            {
                // One collection for all of them, with the last.
                bool wait = parse.GetValue(sync) && i == unused.Count - 1;
                if (parse.GetValue(dryRun) || await RemoveAsync(session, unused[i], wait))
                {
                    StandardStreams.Out.WriteLine(unused[i].Name);
                }
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    // An image is what a name points at: it is in use under all its names if a container has it under one.
    private static async Task<IReadOnlyList<ImageRecord>> UnusedAsync(Session session, bool all)
    {
        IReadOnlyList<ImageRecord> images = await session.Scope.Images.ListAsync([], session.Token);
        IReadOnlyList<ContainerRecord> containers = await session.Scope.Containers.ListAsync([], session.Token);
        HashSet<string> named = new(containers.Select(container => container.Image), StringComparer.Ordinal);
        HashSet<Digest> kept =
        [
            .. images.Where(image => named.Contains(image.Name) || image.Labels.ContainsKey(PinnedLabel)
                    || (!all && HasTag(image)))
                .Select(image => image.Target.Digest),
        ];
        return [.. images.Where(image => !kept.Contains(image.Target.Digest))];
    }

    private static bool HasTag(ImageRecord image) =>
        !image.Name.Contains('@', StringComparison.Ordinal) && !Digest.TryParse(image.Name, out _);

    // Not if it has come to point elsewhere since.
    private static async Task<bool> RemoveAsync(Session session, ImageRecord image, bool sync)
    {
        try
        {
            await session.Scope.Images.DeleteAsync(image.Name, sync, image.Target, session.Token);
            return true;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            return false;
        }
    }
}
