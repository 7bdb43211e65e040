using Gantry.Linux.Mounts;

namespace Gantry.Linux.Cgroups;

/// <summary>
/// Where the cgroups of a process are in the file system. See
/// <see href="https://man7.org/linux/man-pages/man7/cgroups.7.html">cgroups(7)</see>.
/// </summary>
/// <param name="Unified">Whether the machine has version 2 alone; one that has both counts as version 1.</param>
/// <param name="Directories">The directory of each controller of version 1; of version 2 that of the empty name.</param>
public sealed record CgroupPaths(bool Unified, IReadOnlyDictionary<string, string> Directories)
{
    /// <summary>Where the hierarchies are mounted.</summary>
    public const string Root = "/sys/fs/cgroup";

    /// <summary>The directory of version 2's only hierarchy.</summary>
    public string? UnifiedDirectory => Directory("");

    /// <summary>The directory of a controller of version 1, if there is one.</summary>
    /// <param name="controller">Its name, such as <c>memory</c>.</param>
    public string? Directory(string controller) => Directories.GetValueOrDefault(controller);

    /// <summary>The cgroups that a process is in.</summary>
    /// <param name="pid">The process.</param>
    /// <exception cref="IOException">There is no such process.</exception>
    public static CgroupPaths OfProcess(int pid) => OfProcess(pid, MountInfo.ReadAll());

    /// <summary>The cgroups that a process is in, for a caller who asks for many.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="mounts">All mounts.</param>
    /// <exception cref="IOException">There is no such process.</exception>
    public static CgroupPaths OfProcess(int pid, IReadOnlyList<MountInfo> mounts) =>
        Parse(File.ReadLines($"/proc/{pid}/cgroup"), mounts);

    /// <summary>Puts a process into a cgroup, which is made if it does not exist, in every hierarchy.</summary>
    /// <param name="path">The cgroup, from the top of the hierarchies.</param>
    /// <param name="pid">The process.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void AddProcess(string path, int pid)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.Split('/').Contains("..", StringComparer.Ordinal))
        {
            throw new LinuxException("mkdir", path, Errno.EINVAL);
        }

        foreach (MountInfo mount in MountInfo.ReadAll())
        {
            if (mount.FilesystemType is "cgroup" or "cgroup2"
                && mount.MountPoint.StartsWith(Root, StringComparison.Ordinal))
            {
                string directory = Path.Join(mount.MountPoint, path);
                System.IO.Directory.CreateDirectory(directory);
                InheritCpus(mount.MountPoint, path);
                File.WriteAllText(Path.Combine(directory, "cgroup.procs"), $"{pid}");
            }
        }
    }

    /// <summary>Makes sense of the lines of /proc/pid/cgroup: <c>number:controller,controller:path</c>.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="mounts">All mounts.</param>
    public static CgroupPaths Parse(IEnumerable<string> lines, IReadOnlyList<MountInfo> mounts)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(mounts);
        bool unified = mounts.LastOrDefault(mount => mount.MountPoint == Root)?.FilesystemType == "cgroup2";
        Dictionary<string, string> directories = new(StringComparer.Ordinal);
        foreach (string line in lines)
        {
            string[] fields = line.Split(':', 3);
            if (fields.Length != 3)
            {
                continue;
            }

            foreach (string controller in fields[1].Split(','))
            {
                MountInfo? mount = mounts.FirstOrDefault(candidate => IsOf(candidate, controller));
                if (mount is not null)
                {
                    directories[controller] = Below(mount, fields[2]);
                }
            }
        }

        return new CgroupPaths(unified, directories);
    }

    /// <summary>The directory that lists the processes.</summary>
    public string? ProcessesDirectory =>
        Unified ? UnifiedDirectory : Directory("pids") ?? Directory("memory") ?? Directory("devices");

    /// <summary>Whether this is the top of the hierarchy, where the machine's own processes are.</summary>
    public bool IsRoot => ProcessesDirectory is not { } top
        || (Unified
            ? !File.Exists(Path.Combine(top, "cgroup.type"))
            : File.Exists(Path.Combine(top, "release_agent")));

    /// <summary>All processes in this cgroup and those below it.</summary>
    public IReadOnlyList<int> Processes()
    {
        string? top = ProcessesDirectory;
        List<int> result = [];
        if (top is null || !System.IO.Directory.Exists(top))
        {
            return result;
        }

        IEnumerable<string> below = System.IO.Directory.EnumerateDirectories(top, "*", SearchOption.AllDirectories);
        foreach (string directory in below.Prepend(top))
        {
            foreach (string line in CgroupFiles.Lines(Path.Combine(directory, "cgroup.procs")))
            {
                if (int.TryParse(line, out int pid))
                {
                    result.Add(pid);
                }
            }
        }

        return result;
    }

    /// <summary>A new cgroup of version 1's cpuset takes no process before it was given CPUs and memory nodes.</summary>
    private static void InheritCpus(string mountPoint, string path)
    {
        string parent = mountPoint;
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            string child = Path.Join(parent, part);
            foreach (string name in (string[])["cpuset.cpus", "cpuset.mems"])
            {
                string file = Path.Join(child, name);
                if (File.Exists(Path.Join(parent, name)) && File.Exists(file) && File.ReadAllText(file).Trim().Length == 0)
                {
                    File.WriteAllText(file, File.ReadAllText(Path.Join(parent, name)).Trim());
                }
            }

            parent = child;
        }
    }

    private static bool IsOf(MountInfo mount, string controller) => controller.Length == 0
        ? mount.FilesystemType == "cgroup2"
        : mount.FilesystemType == "cgroup" && mount.SuperOptions.Split(',').Contains(controller, StringComparer.Ordinal);

    private static string Below(MountInfo mount, string path)
    {
        // A mount of a part of the hierarchy shows that part alone.
        string inner = mount.Root.Length > 1 && path.StartsWith(mount.Root, StringComparison.Ordinal)
            ? path[mount.Root.Length..]
            : path;
        return inner is "" or "/" ? mount.MountPoint : mount.MountPoint + inner;
    }
}
