using System.Globalization;
using Gantry.Api.Cgroups.V1;
using Gantry.Linux.Cgroups;

namespace Gantry.Api.Mapping;

/// <summary>Statistics of version 1's cgroups as the message that clients know.</summary>
public static class CgroupV1Mapping
{
    /// <summary>The message.</summary>
    /// <param name="stats">The statistics.</param>
    public static Metrics ToMessage(this CgroupV1Stats stats)
    {
        ArgumentNullException.ThrowIfNull(stats);
        Metrics metrics = new();
        if (stats.Pids is { } pids)
        {
            metrics.Pids = new PidsStat { Current = pids.Current, Limit = pids.Limit };
        }

        if (stats.Cpu is { } cpu)
        {
            metrics.Cpu = new CPUStat
            {
                Usage = new CPUUsage { Total = cpu.Total, Kernel = cpu.Kernel, User = cpu.User },
                Throttling = new Throttle
                {
                    Periods = stats.Throttling.GetValueOrDefault("nr_periods"),
                    ThrottledPeriods = stats.Throttling.GetValueOrDefault("nr_throttled"),
                    ThrottledTime = stats.Throttling.GetValueOrDefault("throttled_time"),
                },
            };
            metrics.Cpu.Usage.PerCpu.AddRange(cpu.PerCpu);
        }

        if (stats.MemoryUsage is not null)
        {
            metrics.Memory = MemoryV1(stats);
            metrics.MemoryOomControl = new MemoryOomControl
            {
                OomKillDisable = stats.OomControl.GetValueOrDefault("oom_kill_disable"),
                UnderOom = stats.OomControl.GetValueOrDefault("under_oom"),
                OomKill = stats.OomControl.GetValueOrDefault("oom_kill"),
            };
        }

        foreach ((string size, CgroupV1Stats.Counter counter) in stats.HugePages)
        {
            metrics.Hugetlb.Add(new HugetlbStat
            {
                Pagesize = size,
                Usage = counter.Usage,
                Max = counter.Max,
                Failcnt = counter.FailCount,
            });
        }

        metrics.Blkio = new BlkIOStat();
        metrics.Blkio.IoServiceBytesRecursive.AddRange(stats.ServiceBytes.Select(Entry));
        metrics.Blkio.IoServicedRecursive.AddRange(stats.Serviced.Select(Entry));
        metrics.Blkio.IoQueuedRecursive.AddRange(stats.Queued.Select(Entry));
        metrics.Blkio.IoServiceTimeRecursive.AddRange(stats.ServiceTime.Select(Entry));
        metrics.Blkio.IoWaitTimeRecursive.AddRange(stats.WaitTime.Select(Entry));
        metrics.Blkio.IoMergedRecursive.AddRange(stats.Merged.Select(Entry));
        metrics.Blkio.IoTimeRecursive.AddRange(stats.Time.Select(Entry));
        metrics.Blkio.SectorsRecursive.AddRange(stats.Sectors.Select(Entry));
        if (stats.RdmaCurrent.Count + stats.RdmaLimit.Count > 0)
        {
            metrics.Rdma = new RdmaStat();
            metrics.Rdma.Current.AddRange(stats.RdmaCurrent.Select(Rdma));
            metrics.Rdma.Limit.AddRange(stats.RdmaLimit.Select(Rdma));
        }

        return metrics;
    }

    private static MemoryStat MemoryV1(CgroupV1Stats stats)
    {
        IReadOnlyDictionary<string, ulong> memory = stats.Memory;
        return new MemoryStat
        {
            Cache = memory.GetValueOrDefault("cache"),
            Rss = memory.GetValueOrDefault("rss"),
            RssHuge = memory.GetValueOrDefault("rss_huge"),
            MappedFile = memory.GetValueOrDefault("mapped_file"),
            Dirty = memory.GetValueOrDefault("dirty"),
            Writeback = memory.GetValueOrDefault("writeback"),
            PgPgIn = memory.GetValueOrDefault("pgpgin"),
            PgPgOut = memory.GetValueOrDefault("pgpgout"),
            PgFault = memory.GetValueOrDefault("pgfault"),
            PgMajFault = memory.GetValueOrDefault("pgmajfault"),
            InactiveAnon = memory.GetValueOrDefault("inactive_anon"),
            ActiveAnon = memory.GetValueOrDefault("active_anon"),
            InactiveFile = memory.GetValueOrDefault("inactive_file"),
            ActiveFile = memory.GetValueOrDefault("active_file"),
            Unevictable = memory.GetValueOrDefault("unevictable"),
            HierarchicalMemoryLimit = memory.GetValueOrDefault("hierarchical_memory_limit"),
            HierarchicalSwapLimit = memory.GetValueOrDefault("hierarchical_memsw_limit"),
            TotalCache = memory.GetValueOrDefault("total_cache"),
            TotalRss = memory.GetValueOrDefault("total_rss"),
            TotalRssHuge = memory.GetValueOrDefault("total_rss_huge"),
            TotalMappedFile = memory.GetValueOrDefault("total_mapped_file"),
            TotalDirty = memory.GetValueOrDefault("total_dirty"),
            TotalWriteback = memory.GetValueOrDefault("total_writeback"),
            TotalPgPgIn = memory.GetValueOrDefault("total_pgpgin"),
            TotalPgPgOut = memory.GetValueOrDefault("total_pgpgout"),
            TotalPgFault = memory.GetValueOrDefault("total_pgfault"),
            TotalPgMajFault = memory.GetValueOrDefault("total_pgmajfault"),
            TotalInactiveAnon = memory.GetValueOrDefault("total_inactive_anon"),
            TotalActiveAnon = memory.GetValueOrDefault("total_active_anon"),
            TotalInactiveFile = memory.GetValueOrDefault("total_inactive_file"),
            TotalActiveFile = memory.GetValueOrDefault("total_active_file"),
            TotalUnevictable = memory.GetValueOrDefault("total_unevictable"),
            Usage = Counter(stats.MemoryUsage),
            Swap = Counter(stats.SwapUsage),
            Kernel = Counter(stats.KernelUsage),
            KernelTcp = Counter(stats.KernelTcpUsage),
        };
    }

    private static MemoryEntry? Counter(CgroupV1Stats.Counter? counter) => counter is null
        ? null
        : new MemoryEntry
        {
            Limit = counter.Limit,
            Usage = counter.Usage,
            Max = counter.Max,
            Failcnt = counter.FailCount,
        };

    private static BlkIOEntry Entry(CgroupV1Stats.BlockEntry entry) => new()
    {
        Op = entry.Operation,
        Device = DeviceName(entry.Major, entry.Minor),
        Major = entry.Major,
        Minor = entry.Minor,
        Value = entry.Value,
    };

    /// <summary>The device's file, as the kernel names it in sysfs.</summary>
    private static string DeviceName(ulong major, ulong minor)
    {
        string link = string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{major}:{minor}");
        string? target = new DirectoryInfo(link).LinkTarget;
        return target is null ? "" : "/dev/" + Path.GetFileName(target);
    }

    private static RdmaEntry Rdma(RdmaUsage usage) =>
        new() { Device = usage.Device, HcaHandles = usage.Handles, HcaObjects = usage.Objects };
}
