using System.Globalization;
using System.Text;
using Gantry.Linux.Syscalls;

namespace Gantry.Server.Metrics;

/// <summary>What this process uses, under the names that Prometheus' own libraries give it.</summary>
internal static class ProcessMetrics
{
    private const int TicksPerSecond = 100;

    // Fields of /proc/self/stat, counted from the one after the name, which is in brackets.
    private const int UserTicks = 11;
    private const int SystemTicks = 12;
    private const int ThreadCount = 17;
    private const int StartTicks = 19;
    private const int VirtualBytes = 20;
    private const int ResidentPages = 21;

    /// <summary>Writes them.</summary>
    /// <param name="to">Where to.</param>
    public static void Write(Exposition to)
    {
        string stat = File.ReadAllText("/proc/self/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        double Field(int index) => double.Parse(fields[index], CultureInfo.InvariantCulture);

        Counter(to, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds", (Field(UserTicks) + Field(SystemTicks)) / TicksPerSecond);
        Gauge(to, "process_resident_memory_bytes", "Resident memory size in bytes", Field(ResidentPages) * Environment.SystemPageSize);
        Gauge(to, "process_virtual_memory_bytes", "Virtual memory size in bytes", Field(VirtualBytes));
        Gauge(to, "process_start_time_seconds", "Start time of the process since unix epoch in seconds", BootSeconds() + (Field(StartTicks) / TicksPerSecond));
        Gauge(to, "process_threads", "Number of threads", Field(ThreadCount));
        Gauge(to, "process_open_fds", "Number of open file descriptors", OpenFiles());
        Gauge(to, "process_max_fds", "Maximum number of open file descriptors", MaxFiles());
        Gauge(to, "gantry_heap_bytes", "Size of the managed heap", GC.GetTotalMemory(forceFullCollection: false));
        ReadOnlySpan<byte> collections = "gantry_heap_collections_total"u8;
        to.Begin(collections, MetricKind.Counter, "Collections of the managed heap, by generation");
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            to.Sample(collections, LabelText.Of(("generation", $"{generation}")), (ulong)GC.CollectionCount(generation));
        }
    }

    private static void Counter(Exposition to, string name, string help, double value) =>
        to.Single(Encoding.UTF8.GetBytes(name), MetricKind.Counter, help, value);

    private static void Gauge(Exposition to, string name, string help, double value) =>
        to.Single(Encoding.UTF8.GetBytes(name), MetricKind.Gauge, help, value);

    /// <summary>Newer kernels tell the number as the size of the directory; there may be thousands to count.</summary>
    private static double OpenFiles() =>
        Stat.TryPath("/proc/self/fd", out FileStatus status) == 0 && status.Size > 0
            ? status.Size
            : Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    private static double MaxFiles()
    {
        foreach (string line in File.ReadLines("/proc/self/limits"))
        {
            if (line.StartsWith("Max open files", StringComparison.Ordinal))
            {
                string soft = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
                return double.TryParse(soft, CultureInfo.InvariantCulture, out double limit) ? limit : double.PositiveInfinity;
            }
        }

        return 0;
    }

    private static double BootSeconds()
    {
        foreach (string line in File.ReadLines("/proc/stat"))
        {
            if (line.StartsWith("btime ", StringComparison.Ordinal))
            {
                return double.Parse(line.AsSpan("btime ".Length), CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }
}
