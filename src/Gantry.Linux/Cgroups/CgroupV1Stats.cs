using System.Collections.ObjectModel;
using System.Runtime.InteropServices;

namespace Gantry.Linux.Cgroups;

/// <summary>What version 1's controllers count. What a machine lacks is null or empty.</summary>
public sealed partial record CgroupV1Stats
{
    private const int SC_CLK_TCK = 2;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The number of processes and its limit, 0 for none.</summary>
    public (ulong Current, ulong Limit)? Pids { get; private init; }

    /// <summary>CPU time in nanoseconds.</summary>
    public CpuTime? Cpu { get; private init; }

    /// <summary>How the CPU quota was enforced: names as in <c>cpu.stat</c>.</summary>
    public IReadOnlyDictionary<string, ulong> Throttling { get; private init; } = ReadOnlyDictionary<string, ulong>.Empty;

    /// <summary>Memory: names as in <c>memory.stat</c>.</summary>
    public IReadOnlyDictionary<string, ulong> Memory { get; private init; } = ReadOnlyDictionary<string, ulong>.Empty;

    /// <summary>Out of memory: names as in <c>memory.oom_control</c>.</summary>
    public IReadOnlyDictionary<string, ulong> OomControl { get; private init; } = ReadOnlyDictionary<string, ulong>.Empty;

    /// <summary>Use of memory.</summary>
    public Counter? MemoryUsage { get; private init; }

    /// <summary>Use of memory and swap.</summary>
    public Counter? SwapUsage { get; private init; }

    /// <summary>Use of memory by the kernel.</summary>
    public Counter? KernelUsage { get; private init; }

    /// <summary>Use of memory by TCP.</summary>
    public Counter? KernelTcpUsage { get; private init; }

    /// <summary>Huge pages by size, such as <c>2MB</c>.</summary>
    public IReadOnlyDictionary<string, Counter> HugePages { get; private init; } = ReadOnlyDictionary<string, Counter>.Empty;

    /// <summary>Bytes read and written.</summary>
    public IReadOnlyList<BlockEntry> ServiceBytes { get; private init; } = [];

    /// <summary>Operations of reading and writing.</summary>
    public IReadOnlyList<BlockEntry> Serviced { get; private init; } = [];

    /// <summary>Operations that wait; this and what follows is counted only by schedulers made for that.</summary>
    public IReadOnlyList<BlockEntry> Queued { get; private init; } = [];

    /// <summary>Nanoseconds between dispatch and completion.</summary>
    public IReadOnlyList<BlockEntry> ServiceTime { get; private init; } = [];

    /// <summary>Nanoseconds of waiting in queues.</summary>
    public IReadOnlyList<BlockEntry> WaitTime { get; private init; } = [];

    /// <summary>Operations that were merged into others.</summary>
    public IReadOnlyList<BlockEntry> Merged { get; private init; } = [];

    /// <summary>Milliseconds that devices were given to the cgroup.</summary>
    public IReadOnlyList<BlockEntry> Time { get; private init; } = [];

    /// <summary>Sectors moved.</summary>
    public IReadOnlyList<BlockEntry> Sectors { get; private init; } = [];

    /// <summary>RDMA devices: what they use.</summary>
    public IReadOnlyList<RdmaUsage> RdmaCurrent { get; private init; } = [];

    /// <summary>RDMA devices: what they may use.</summary>
    public IReadOnlyList<RdmaUsage> RdmaLimit { get; private init; } = [];

    /// <summary>Reads the counters.</summary>
    /// <param name="paths">Where.</param>
    public static CgroupV1Stats Read(CgroupPaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        string? memory = paths.Directory("memory");
        string? pids = paths.Directory("pids");
        string? blkio = paths.Directory("blkio");
        string? rdma = paths.Directory("rdma");
        return new CgroupV1Stats
        {
            Pids = CgroupFiles.Number(pids, "pids.current") is { } current
                ? (current, CgroupFiles.Number(pids, "pids.max") is { } limit and not ulong.MaxValue ? limit : 0)
                : null,
            Cpu = ReadCpu(paths.Directory("cpuacct")),
            Throttling = CgroupFiles.Table(paths.Directory("cpu"), "cpu.stat"),
            Memory = CgroupFiles.Table(memory, "memory.stat"),
            OomControl = CgroupFiles.Table(memory, "memory.oom_control"),
            MemoryUsage = ReadCounter(memory, "memory."),
            SwapUsage = ReadCounter(memory, "memory.memsw."),
            KernelUsage = ReadCounter(memory, "memory.kmem."),
            KernelTcpUsage = ReadCounter(memory, "memory.kmem.tcp."),
            HugePages = ReadHugePages(paths.Directory("hugetlb")),
            ServiceBytes = ReadBlock(blkio, "io_service_bytes"),
            Serviced = ReadBlock(blkio, "io_serviced"),
            Queued = ReadBlock(blkio, "io_queued"),
            ServiceTime = ReadBlock(blkio, "io_service_time"),
            WaitTime = ReadBlock(blkio, "io_wait_time"),
            Merged = ReadBlock(blkio, "io_merged"),
            Time = ReadBlock(blkio, "time"),
            Sectors = ReadBlock(blkio, "sectors"),
            RdmaCurrent = RdmaUsage.Read(rdma, "rdma.current"),
            RdmaLimit = RdmaUsage.Read(rdma, "rdma.max"),
        };
    }

    private static CpuTime? ReadCpu(string? directory)
    {
        if (CgroupFiles.Number(directory, "cpuacct.usage") is not { } total)
        {
            return null;
        }

        IReadOnlyDictionary<string, ulong> ticks = CgroupFiles.Table(directory, "cpuacct.stat");
        ulong perTick = NanosecondsPerSecond / (ulong)Math.Max(1, sysconf(SC_CLK_TCK));
        List<ulong> each = [];
        foreach (string line in CgroupFiles.Lines(Path.Combine(directory!, "cpuacct.usage_percpu")))
        {
            foreach (string word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                each.Add(CgroupFiles.Parse(word) ?? 0);
            }
        }

        return new CpuTime(
            total, ticks.GetValueOrDefault("system") * perTick, ticks.GetValueOrDefault("user") * perTick, each);
    }

    private static Counter? ReadCounter(string? directory, string prefix) =>
        CgroupFiles.Number(directory, prefix + "usage_in_bytes") is { } usage
            ? new Counter(
                usage,
                CgroupFiles.Number(directory, prefix + "max_usage_in_bytes") ?? 0,
                CgroupFiles.Number(directory, prefix + "failcnt") ?? 0,
                CgroupFiles.Number(directory, prefix + "limit_in_bytes") ?? 0)
            : null;

    private static Dictionary<string, Counter> ReadHugePages(string? directory)
    {
        Dictionary<string, Counter> result = new(StringComparer.Ordinal);
        if (directory is null || !Directory.Exists(directory))
        {
            return result;
        }

        const string Prefix = "hugetlb.";
        const string Suffix = ".usage_in_bytes";
        foreach (string file in Directory.EnumerateFiles(directory, Prefix + "*" + Suffix))
        {
            string size = Path.GetFileName(file)[Prefix.Length..^Suffix.Length];
            if (!size.EndsWith(".rsvd", StringComparison.Ordinal)
                && ReadCounter(directory, $"{Prefix}{size}.") is { } counter)
            {
                result[size] = counter;
            }
        }

        return result;
    }

    /// <summary>
    /// Lines such as <c>8:0 Read 4096</c>, or <c>8:0 4096</c> where operations are not told apart, from whichever scheduler
    /// counts.
    /// </summary>
    private static List<BlockEntry> ReadBlock(string? directory, string name)
    {
        if (directory is null)
        {
            return [];
        }

        foreach (string file in (string[])
            [
                $"blkio.bfq.{name}_recursive", $"blkio.{name}_recursive",
                $"blkio.throttle.{name}_recursive", $"blkio.throttle.{name}",
            ])
        {
            List<BlockEntry> entries = [];
            foreach (string line in CgroupFiles.Lines(Path.Combine(directory, file)))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                string[] device = words.Length == 0 ? [] : words[0].Split(':');
                if (words.Length is 2 or 3 && device.Length == 2
                    && CgroupFiles.Parse(device[0]) is { } major
                    && CgroupFiles.Parse(device[1]) is { } minor
                    && CgroupFiles.Parse(words[^1]) is { } value)
                {
                    entries.Add(new BlockEntry(major, minor, words.Length == 3 ? words[1] : "", value));
                }
            }

            if (entries.Count > 0)
            {
                return entries;
            }
        }

        return [];
    }

    [LibraryImport("libc")]
    private static partial long sysconf(int name);

    /// <summary>CPU time in nanoseconds.</summary>
    /// <param name="Total">All.</param>
    /// <param name="Kernel">In the kernel.</param>
    /// <param name="User">Outside it.</param>
    /// <param name="PerCpu">On each CPU.</param>
    public sealed record CpuTime(ulong Total, ulong Kernel, ulong User, IReadOnlyList<ulong> PerCpu);

    /// <summary>Use of something in bytes.</summary>
    /// <param name="Usage">Now.</param>
    /// <param name="Max">The most there was.</param>
    /// <param name="FailCount">How often the limit was hit.</param>
    /// <param name="Limit">The limit.</param>
    public sealed record Counter(ulong Usage, ulong Max, ulong FailCount, ulong Limit);

    /// <summary>A counter of a block device.</summary>
    /// <param name="Major">The device's major number.</param>
    /// <param name="Minor">The device's minor number.</param>
    /// <param name="Operation">Such as <c>Read</c>; empty where operations are not told apart.</param>
    /// <param name="Value">The count.</param>
    public sealed record BlockEntry(ulong Major, ulong Minor, string Operation, ulong Value);
}
