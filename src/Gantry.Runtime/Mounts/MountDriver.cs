using System.Globalization;
using Gantry.Core.Mounts;
using Gantry.Linux;
using Gantry.Linux.Mounts;
using Gantry.Runtime.Mounts.Transforms;

namespace Gantry.Runtime.Mounts;

/// <summary>
/// Makes mounts below <c>TARGETS/ID/</c>, each at a name of three digits that count up: a directory that is mounted on, or
/// the link to a loop device. What a directory holds tells how to undo it.
/// </summary>
public sealed class MountDriver : IMountDriver
{
    private const string Erofs = "erofs";

    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _targets;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, IMountTransform> _transforms;

    /// <summary>Makes the directory of targets.</summary>
    /// <param name="targets">Where mounts go; used by nobody else.</param>
    /// <param name="root">The daemon's root: clients may have files and directories made below it.</param>
    /// <param name="time">The clock.</param>
    public MountDriver(string targets, string root, TimeProvider time)
    {
        _targets = targets;
        _time = time;
        Directory.CreateDirectory(targets, OwnerOnly);
        AllowedRoots roots = new(targets, root);
        _transforms = new Dictionary<string, IMountTransform>(StringComparer.Ordinal)
        {
            ["format"] = new FormatTransform(),
            ["mkdir"] = new MkdirTransform(roots),
            ["mkfs"] = new MkfsTransform(roots, time),
        };
    }

    /// <inheritdoc/>
    public bool Handles(IReadOnlyList<Mount> mounts, bool temporary) => Plan(mounts, temporary).Needed;

    /// <inheritdoc/>
    public async Task<ActivatedMounts> ActivateAsync(
        long id,
        IReadOnlyList<Mount> mounts,
        bool temporary,
        CancellationToken cancellationToken)
    {
        MountPlan plan = Plan(mounts, temporary);
        string directory = PathOf(id);
        Directory.CreateDirectory(directory, OwnerOnly);
        try
        {
            List<ActiveMount> active = [];
            for (int i = 0; i < plan.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Mount mount = await plan.Mounts[i].TransformAsync(active, cancellationToken);
                active.Add(Make(mount, Path.Combine(directory, i.ToString("000", CultureInfo.InvariantCulture))));
            }

            List<Mount> system = [];
            foreach (PlannedMount left in plan.Mounts.Skip(plan.Count))
            {
                system.Add(await left.TransformAsync(active, cancellationToken));
            }

            if (temporary)
            {
                system.Add(new Mount("bind", active[^1].MountPoint, ["rbind"]));
            }

            return new ActivatedMounts(active, system);
        }
        catch
        {
            await DeactivateAsync(id, CancellationToken.None);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task DeactivateAsync(long id, CancellationToken cancellationToken)
    {
        string directory = PathOf(id);
        if (!Directory.Exists(directory))
        {
            return Task.CompletedTask;
        }

        foreach (string place in Directory.EnumerateFileSystemEntries(directory).OrderDescending(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (new FileInfo(place).LinkTarget is not null)
            {
                LoopLink.Remove(place);
                continue;
            }

            Unmount(place);

            // Never recursively: what could not be unmounted must not be emptied.
            Directory.Delete(place);
        }

        Directory.Delete(directory);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public bool IsWhole(IReadOnlyList<ActiveMount> active)
    {
        HashSet<string> mounted = MountInfo.ReadBelow(_targets)
            .Select(mount => mount.MountPoint)
            .ToHashSet(StringComparer.Ordinal);
        return active.All(mount => mount.Mount.Type == LoopLink.Type
            ? LoopLink.IsWhole(mount.MountPoint)
            : mounted.Contains(mount.MountPoint));
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> ListIds() =>
    [
        .. Directory.EnumerateDirectories(_targets)
            .Select(path => long.TryParse(
                Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id : 0)
            .Where(id => id > 0),
    ];

    private static void Unmount(string place)
    {
        try
        {
            MountCalls.UnmountAll(place, UnmountFlags.UMOUNT_NOFOLLOW);
        }
        catch (LinuxException e) when (e.Errno is Errno.EBUSY)
        {
            // Its users keep it until they are done; nobody finds it any more.
            MountCalls.UnmountAll(place, UnmountFlags.UMOUNT_NOFOLLOW | UnmountFlags.MNT_DETACH);
        }
    }

    private ActiveMount Make(Mount mount, string place)
    {
        if (mount.Type == LoopLink.Type)
        {
            return LoopLink.Make(mount, place, _time.GetUtcNow());
        }

        Directory.CreateDirectory(place, OwnerOnly);
        string source = LoopMount.Mount(mount.Type, mount.Source, place, mount.Options);
        return new ActiveMount(
            mount with { Source = source, Options = [.. mount.Options.Where(option => option != LoopMount.Option)] },
            place,
            _time.GetUtcNow());
    }

    private MountPlan Plan(IReadOnlyList<Mount> mounts, bool temporary) =>
        MountPlan.Make(mounts, temporary, _transforms, type => type is LoopLink.Type or Erofs);

    private string PathOf(long id) => Path.Combine(_targets, id.ToString(CultureInfo.InvariantCulture));
}
