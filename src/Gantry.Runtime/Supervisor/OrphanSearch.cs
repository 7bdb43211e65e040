using System.Globalization;
using System.Text.Json;
using Gantry.Core.Containers;
using Gantry.Core.Namespaces;
using Gantry.Linux;
using Gantry.Linux.Cgroups;
using Gantry.Linux.Io;
using Gantry.Linux.Processes;
using Gantry.Linux.Syscalls;
using Gantry.Runtime.Shims;

namespace Gantry.Runtime.Supervisor;

/// <summary>
/// Finds what tasks have left on the machine outside of their bundles: shims, sockets of shims, state of OCI runtimes,
/// cgroups. What it finds may just be being made or removed: only what is found twice is an orphan.
/// </summary>
/// <param name="address">The socket that the daemon serves gRPC on; shims and their sockets go by it.</param>
public sealed class OrphanSearch(string address)
{
    private const string Nothing = "none: it may hold what lives";

    private readonly string _directory = Path.GetDirectoryName(address) ?? "/";

    /// <summary>Looks.</summary>
    /// <param name="known">The tasks that the daemon knows, and those that have a bundle.</param>
    public IReadOnlyList<Orphan> Find(IReadOnlySet<(Namespace Namespace, string Id)> known)
    {
        ArgumentNullException.ThrowIfNull(known);
        return [.. Shims(known), .. Sockets(), .. RuntimeStates(known)];
    }

    /// <summary>Looks at the cgroups of containers that have no task.</summary>
    /// <param name="containers">The containers.</param>
    public static IReadOnlyList<Orphan> FindCgroups(IEnumerable<ContainerRecord> containers)
    {
        ArgumentNullException.ThrowIfNull(containers);
        List<Orphan> found = [];
        IReadOnlyList<string> hierarchies = CgroupTree.Hierarchies();
        foreach (ContainerRecord container in containers)
        {
            if (container.Spec is not { } spec
                || Remains.CgroupOf(spec.Value.Span, container.Id) is not { } path
                || !hierarchies.Any(hierarchy => Directory.Exists(hierarchy + path)))
            {
                continue;
            }

            found.Add(CgroupTree.Processes(path).Count == 0
                ? new Orphan("cgroups", path, "cgroup of a container without a task", "it is removed", () => CgroupTree.RemoveEmpty(path))
                : new Orphan("cgroups", path, "processes in the cgroup of a container without a task", Nothing, null));
        }

        return found;
    }

    private IEnumerable<Orphan> Shims(IReadOnlySet<(Namespace Namespace, string Id)> known)
    {
        foreach ((int pid, Namespace ns, string id) in ShimProcess.OfDaemon(address))
        {
            if (known.Contains((ns, id)))
            {
                continue;
            }

            string subject = string.Create(CultureInfo.InvariantCulture, $"process {pid}");

            // The shim of a group goes by the name of the group's first task, which may be gone before the others.
            yield return ShimProcess.HasChildren(pid)
                ? new Orphan("shims", subject, $"shim of task {ns}/{id}, which is gone, still has processes", Nothing, null)
                : new Orphan("shims", subject, $"shim of task {ns}/{id}, which is gone", "it is killed", () => Kill(pid));
        }
    }

    private IEnumerable<Orphan> Sockets()
    {
        string directory = Path.Combine(_directory, "s");
        foreach (string path in Directory.Exists(directory) ? Directory.EnumerateFileSystemEntries(directory) : [])
        {
            if (Stat.TryPath(path, out FileStatus status) == 0
                && (status.Mode & InodeMode.S_IFMT) == InodeMode.S_IFSOCK
                && !UnixSockets.CanConnect(path))
            {
                yield return new Orphan("sockets", path, "socket of a shim that is dead", "it is removed", () => File.Delete(path));
            }
        }
    }

    private IEnumerable<Orphan> RuntimeStates(IReadOnlySet<(Namespace Namespace, string Id)> known)
    {
        string runtimes = Path.Combine(_directory, "runc");
        foreach (string path in Directory.Exists(runtimes) ? Directory.EnumerateDirectories(runtimes) : [])
        {
            if (!Identifier.IsValid(Path.GetFileName(path)))
            {
                continue;
            }

            Namespace ns = Namespace.Parse(Path.GetFileName(path));
            foreach (string state in Directory.EnumerateDirectories(path)
                .Where(state => !known.Contains((ns, Path.GetFileName(state)))))
            {
                yield return HoldsProcess(state)
                    ? new Orphan("runtimes", state, "state of a container without a task, whose process lives", Nothing, null)
                    : new Orphan(
                        "runtimes",
                        state,
                        "state of a container that is gone",
                        "it is removed",
                        () => Directory.Delete(state, recursive: true));
            }
        }
    }

    /// <summary>Whether the first process of the container of a runtime's state may live: what can't be read says so.</summary>
    private static bool HoldsProcess(string state)
    {
        // Of runc, and of crun.
        foreach ((string file, string field) in new[] { ("state.json", "init_process_pid"), ("status", "pid") })
        {
            string path = Path.Combine(state, file);
            try
            {
                if (File.Exists(path))
                {
                    using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
                    return !document.RootElement.TryGetProperty(field, out JsonElement pid)
                        || !pid.TryGetInt32(out int number)
                        || Signals.Exists(number);
                }
            }
            catch (Exception failure) when (failure is JsonException or IOException or InvalidOperationException)
            {
                return true;
            }
        }

        return false;
    }

    private static void Kill(int pid)
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
