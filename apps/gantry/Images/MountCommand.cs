using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Linux;
using Gantry.Linux.Mounts;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;
using Gantry.Transfer.Unpack;

namespace Gantry.Cli.Images;

/// <summary>
/// <c>gantry image mount</c> and <c>unmount</c>: the files of an image at a directory. As with <c>ctr</c>, the directory's
/// path is the key of the snapshot and the id of the lease that keeps it.
/// </summary>
internal static class MountCommand
{
    public static Command Create()
    {
        Command command = new("mount", "Mount the files of an image at a directory");
        Argument<string> image = new("image") { Description = "Name of the image" };
        Argument<string> directory = Directory();
        Option<bool> writable = new("--rw") { Description = "Let files be changed; the image stays as it is" };
        Option<string?> platform = PlatformOption.Create();
        Option<string> snapshotter = GlobalOptions.Snapshotter();
        command.Add(image);
        command.Add(directory);
        command.Add(writable);
        command.Add(platform);
        command.Add(snapshotter);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            string path = Path(parse, directory);
            if (!System.IO.Directory.Exists(path))
            {
                throw new GantryException(ErrorKind.NotFound, $"directory {path}");
            }

            ResolvedImage found = await new ImageReader(session.Scope).ReadAsync(
                await ImageLookup.FindAsync(session, parse.GetValue(image)!), parse.Read(platform), session.Token);
            string name = parse.GetValue(snapshotter)!;
            bool isNew = await LeaseAsync(session, path);
            NamespaceClient leased = session.Client.In(session.Namespace, path);
            try
            {
                Digest chain = await new Unpacker(_ => leased.Differ).UnpackAsync(
                    leased, found.Manifest, found.Config, name, layerReady: null, progress: null, session.Token);
                Mount(
                    await SnapshotAsync(session, leased.Snapshots(name), path, chain, parse.GetValue(writable)), path);
            }
            catch when (isNew)
            {
                await RemoveAsync(session, session.Scope.Snapshots(name), path);
                throw;
            }

            StandardStreams.Out.WriteLine(path);
            return ExitCodes.Success;
        }));
        return command;
    }

    public static Command CreateUnmount()
    {
        Command command = new("unmount", "Unmount the files of an image; what was changed in them stays for the next mount");
        Argument<string> directory = Directory();
        Option<bool> remove = new("--rm") { Description = "Throw away what was changed, too" };
        Option<string> snapshotter = GlobalOptions.Snapshotter();
        command.Add(directory);
        command.Add(remove);
        command.Add(snapshotter);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            string path = Path(parse, directory);
            ISnapshotter snapshots = session.Scope.Snapshots(parse.GetValue(snapshotter)!);
            SnapshotInfo? snapshot = await SnapshotLookup.FindAsync(snapshots, path, session.Token);
            if (MountCalls.UnmountAll(path, UnmountFlags.None) == 0 && snapshot is null)
            {
                throw new GantryException(ErrorKind.NotFound, $"no image is mounted at {path}");
            }

            if (parse.GetValue(remove) || snapshot?.Kind is SnapshotKind.View)
            {
                await RemoveAsync(session, snapshots, path);
            }

            StandardStreams.Out.WriteLine(path);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Argument<string> Directory() => new("directory") { Description = "Where" };

    private static string Path(ParseResult parse, Argument<string> directory) =>
        System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(parse.GetValue(directory)!));

    // It does not end by itself: what is mounted must not be collected.
    private static async Task<bool> LeaseAsync(Session session, string path)
    {
        try
        {
            await session.Scope.Leases.CreateAsync(
                path, new Dictionary<string, string>(StringComparer.Ordinal), session.Token);
            return true;
        }
        catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists)
        {
            return false;
        }
    }

    // What was changed at this directory before is gone on with, if it lies on the same image.
    private static async Task<IReadOnlyList<Mount>> SnapshotAsync(
        Session session, ISnapshotter snapshots, string path, Digest chain, bool writable)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        try
        {
            return writable
                ? await snapshots.PrepareAsync(path, chain.ToString(), labels, session.Token)
                : await snapshots.ViewAsync(path, chain.ToString(), labels, session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists)
        {
            SnapshotInfo there = await snapshots.StatAsync(path, session.Token);
            SnapshotKind wanted = writable ? SnapshotKind.Active : SnapshotKind.View;
            if (there.Kind != wanted || there.Parent != chain.ToString() || IsMounted(path))
            {
                throw new GantryException(
                    ErrorKind.AlreadyExists, $"something is mounted at {path}, or was (gantry image unmount --rm)", e);
            }

            return await snapshots.MountsAsync(path, session.Token);
        }
    }

    private static bool IsMounted(string path) => MountInfo.ReadAll().Any(mount => mount.MountPoint == path);

    private static void Mount(IReadOnlyList<Mount> mounts, string path)
    {
        int mounted = 0;
        try
        {
            foreach (Mount mount in mounts)
            {
                MountCalls.Mount(mount.Type, mount.Source, path, mount.Options);
                mounted++;
            }
        }
        catch (LinuxException)
        {
            for (; mounted > 0; mounted--)
            {
                MountCalls.Unmount(path, UnmountFlags.MNT_DETACH);
            }

            throw;
        }
    }

    private static async Task RemoveAsync(Session session, ISnapshotter snapshots, string path)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        try
        {
            await snapshots.RemoveAsync(path, limit.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It was never made, or is gone: what is left is the lease.
        }

        try
        {
            await session.Scope.Leases.DeleteAsync(path, synchronous: false, limit.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            // It has run out: one of ctr's does after a day.
        }
    }
}
