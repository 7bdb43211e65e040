using System.Globalization;
using Gantry.Shim.Containers;
using Gantry.Shim.Events;
using Gantry.Shim.Sandboxes;
using Gantry.Shim.Tasks;

namespace Gantry.Shim.Logging;

/// <summary>Writes what the shim holds into its log: what an operator asks for with SIGUSR1.</summary>
internal sealed class DebugDump(ShimLog log, TaskService tasks, PodSandbox sandbox, EventPublisher publisher)
{
    private static readonly string[] MemoryFields = ["VmRSS:", "RssAnon:", "RssFile:", "VmSwap:"];

    /// <summary>Writes it.</summary>
    public void Write()
    {
        try
        {
            log.Info("=== BEGIN shim dump ===");
            log.Info($"sandbox: {sandbox.Description}");
            foreach (Container container in tasks.Containers)
            {
                log.Info($"container {container.Id}: bundle {container.Bundle}, runtime {container.Runtime.Name}, "
                    + $"cgroup {container.Cgroup?.ProcessesDirectory ?? "none"}");
                Write(container.Init, "init");
                foreach (ExecProcess exec in container.Execs)
                {
                    Write(exec, $"exec {exec.Id}");
                }
            }

            log.Info($"events: {publisher.Waiting} wait for the daemon");
            log.Info($"threads: {Threads()}");
            log.Info($"memory: {Memory()}");
            log.Info($"descriptors: {Directory.EnumerateFileSystemEntries("/proc/self/fd").Count()}");
            log.Info("=== END shim dump ===");
        }
        catch (IOException e)
        {
            log.Warning("the dump is not whole", e);
        }
    }

    private void Write(ContainerProcess process, string what) =>
        log.Info($"  {what}: pid {process.Pid}, {process.Status.ToString().ToLowerInvariant()}, "
            + $"stdin {Shown(process.Names.Input)}, stdout {Shown(process.Names.Output)}, "
            + $"stderr {Shown(process.Names.Error)}, terminal {(process.Names.Terminal ? "yes" : "no")}");

    private static string Shown(string stream) => stream.Length == 0 ? "none" : stream;

    private static string Threads()
    {
        IEnumerable<string> names = Directory.EnumerateDirectories("/proc/self/task")
            .Select(task => File.ReadAllText(Path.Combine(task, "comm")).Trim())
            .GroupBy(name => name, StringComparer.Ordinal)
            .Select(group => group.Count() == 1 ? group.Key : $"{group.Key} ({group.Count()})");
        return string.Join(", ", names);
    }

    private static string Memory()
    {
        IEnumerable<string> lines = File.ReadLines("/proc/self/status")
            .Where(line => Array.Exists(MemoryFields, field => line.StartsWith(field, StringComparison.Ordinal)))
            .Select(line => string.Join(' ', line.Split((char[])[' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries)));
        GCMemoryInfo heap = GC.GetGCMemoryInfo();
        return string.Join(", ", lines) + string.Create(
            CultureInfo.InvariantCulture,
            $", heap {heap.HeapSizeBytes >> 10} kB of {heap.TotalCommittedBytes >> 10} kB, collections {GC.CollectionCount(0)}");
    }
}
