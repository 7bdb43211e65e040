using Gantry.Api.Mapping;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Linux.Cgroups;
using Gantry.Linux.Mounts;
using Gantry.Runtime.Shims;

namespace Gantry.Runtime.Tasks;

/// <summary>
/// What a task uses, from its cgroups, with no call to its shim. That is so for shims whose containers are processes of this
/// kernel; of one that runs virtual machines only the shim knows what goes on inside.
/// </summary>
internal static class TaskCgroup
{
    private static readonly string[] ProcessShims = ["containerd-shim-gantry-v1", "containerd-shim-runc-v2"];

    /// <summary>Reads it.</summary>
    /// <param name="task">The task, whose shim answers.</param>
    /// <returns>The measurement; null when the shim is to be asked.</returns>
    public static TypedBytes? TryRead(ManagedTask task)
    {
        try
        {
            return TryFind(task, MountInfo.ReadAll) is { ProcessesDirectory: { } directory } cgroup
                && Directory.Exists(directory)
                ? cgroup.ReadMetrics()
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or GantryException)
        {
            // The whole cgroup has gone meanwhile: the shim says how that is to be told.
            return null;
        }
    }

    /// <summary>Its cgroups, which are looked for once.</summary>
    /// <param name="task">The task.</param>
    /// <param name="mounts">Tells all mounts.</param>
    /// <returns>Null when they can't be told, or only the shim knows what goes on inside.</returns>
    public static CgroupPaths? TryFind(ManagedTask task, Func<IReadOnlyList<MountInfo>> mounts)
    {
        if (task.Cgroup is { } known)
        {
            return known;
        }

        if (!ProcessShims.Contains(Path.GetFileName(task.Program?.BinaryPath ?? "")))
        {
            return null;
        }

        try
        {
            return task.Cgroup = Find(task, mounts);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The process has gone meanwhile.
            return null;
        }
    }

    /// <summary>
    /// The cgroups of the first process. Its number may be another's by now; a process whose parent is a shim of this
    /// namespace, and that is in a cgroup of its own, is in the container.
    /// </summary>
    private static CgroupPaths? Find(ManagedTask task, Func<IReadOnlyList<MountInfo>> mounts)
    {
        int pid = (int)task.Pid;
        if (pid <= 0 || !ShimProcess.IsParentOf(pid, task.Bundle))
        {
            return null;
        }

        CgroupPaths paths = CgroupPaths.OfProcess(pid, mounts());
        return paths.IsRoot ? null : paths;
    }
}
