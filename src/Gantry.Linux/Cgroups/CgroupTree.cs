using System.Globalization;
using Gantry.Linux.Mounts;
using Gantry.Linux.Processes;

namespace Gantry.Linux.Cgroups;

/// <summary>A cgroup by its path, in every hierarchy in which it is.</summary>
public static class CgroupTree
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>The directories that hierarchies are mounted on.</summary>
    public static IReadOnlyList<string> Hierarchies() =>
    [
        .. MountInfo.ReadAll()
            .Where(mount => mount.FilesystemType is "cgroup" or "cgroup2"
                && mount.MountPoint.StartsWith(CgroupPaths.Root, StringComparison.Ordinal))
            .Select(mount => mount.MountPoint)
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Its directories, in the hierarchies in which it is.</summary>
    /// <param name="path">The cgroup, from the top of the hierarchies, such as <c>/default/web</c>.</param>
    /// <exception cref="LinuxException">The path is not absolute, is the top itself, or has a <c>..</c> (EINVAL).</exception>
    public static IReadOnlyList<string> Find(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string inner = path.Trim('/');
        if (!path.StartsWith('/') || inner.Length == 0 || inner.Split('/').Any(part => part is "" or "." or ".."))
        {
            throw new LinuxException("cgroup", path, Errno.EINVAL);
        }

        return [.. Hierarchies().Select(hierarchy => Path.Join(hierarchy, inner)).Where(Directory.Exists)];
    }

    /// <summary>The processes in it and below it.</summary>
    /// <param name="path">The cgroup, from the top of the hierarchies.</param>
    public static IReadOnlySet<int> Processes(string path) => Processes(Find(path));

    /// <summary>
    /// Removes it: what lives in it is killed, a frozen one thawed for that, and its directories are removed. One that is
    /// not there is no error.
    /// </summary>
    /// <param name="path">The cgroup, from the top of the hierarchies.</param>
    /// <param name="limit">How long its processes may take to end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it is gone.</returns>
    public static async Task<bool> RemoveAsync(
        string path, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(time);
        long started = time.GetTimestamp();
        while (true)
        {
            IReadOnlyList<string> directories = Find(path);
            if (directories.Count == 0)
            {
                return true;
            }

            foreach (int pid in Processes(directories))
            {
                TryKill(pid);
            }

            bool gone = true;
            foreach (string directory in directories)
            {
                Thaw(directory);
                gone &= TryRemove(directory);
            }

            if (gone)
            {
                return true;
            }

            if (time.GetElapsedTime(started) > limit)
            {
                return false;
            }

            // The kernel takes a process out of its cgroups some time after it is killed, and tells nobody in version 1.
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>Removes it if no process is in it, and says whether it is gone.</summary>
    /// <param name="path">The cgroup, from the top of the hierarchies.</param>
    public static bool RemoveEmpty(string path)
    {
        bool gone = true;
        foreach (string directory in Find(path))
        {
            gone &= TryRemove(directory);
        }

        return gone;
    }

    /// <summary>Removes it once no process is in it. One that is not there is no error.</summary>
    /// <param name="path">The cgroup, from the top of the hierarchies.</param>
    /// <param name="limit">How long that is waited for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it is gone.</returns>
    public static async Task<bool> RemoveEmptyAsync(
        string path, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(time);
        long started = time.GetTimestamp();
        while (!RemoveEmpty(path))
        {
            if (time.GetElapsedTime(started) > limit)
            {
                return false;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }

        return true;
    }

    private static HashSet<int> Processes(IReadOnlyList<string> directories)
    {
        HashSet<int> processes = [];
        foreach (string directory in directories.SelectMany(Tree))
        {
            foreach (string line in CgroupFiles.Lines(Path.Combine(directory, "cgroup.procs")))
            {
                if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0)
                {
                    processes.Add(pid);
                }
            }
        }

        return processes;
    }

    /// <summary>The directories of a tree, the innermost first.</summary>
    private static List<string> Tree(string directory)
    {
        try
        {
            List<string> tree = [.. Directory.EnumerateDirectories(directory, "*", SearchOption.AllDirectories), directory];
            tree.Sort(static (a, b) => b.Length.CompareTo(a.Length));
            return tree;
        }
        catch (DirectoryNotFoundException)
        {
            // Removed meanwhile.
            return [];
        }
    }

    private static bool TryRemove(string directory)
    {
        foreach (string part in Tree(directory))
        {
            try
            {
                Directory.Delete(part);
            }
            catch (DirectoryNotFoundException)
            {
                // Removed meanwhile, as is wanted.
                continue;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A process is still in it.
                return false;
            }
        }

        return true;
    }

    /// <summary>A process that is frozen takes no signal.</summary>
    private static void Thaw(string directory)
    {
        Write(Path.Combine(directory, "freezer.state"), "THAWED");
        Write(Path.Combine(directory, "cgroup.freeze"), "0");
    }

    private static void Write(string file, string value)
    {
        try
        {
            if (File.Exists(file))
            {
                File.WriteAllText(file, value);
            }
        }
        catch (IOException)
        {
            // Removed meanwhile: there is nothing to thaw.
            return;
        }
    }

    private static void TryKill(int pid)
    {
        try
        {
            Signals.Send(pid, Signals.SIGKILL);
        }
        catch (LinuxException failure) when (failure.Errno is Errno.ESRCH)
        {
            // It has ended meanwhile.
            return;
        }
    }
}
