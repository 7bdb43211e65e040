using System.Globalization;
using Gantry.Api;
using Gantry.Api.Cgroups.V1;
using Gantry.Core.Errors;
using Gantry.Linux.Cgroups;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Shim.Containers;

/// <summary>Statistics of a cgroup as the messages that clients know.</summary>
internal static class CgroupMessages
{
    private const string V1Type = "io.containerd.cgroups.v1.Metrics";
    private const string V2Type = "io.containerd.cgroups.v2.Metrics";

    public static Any Read(CgroupPaths paths)
    {
        if (!paths.Unified)
        {
            return TypeUrl.PackAny(V1Type, FromV1(CgroupV1Stats.Read(paths)));
        }

        string directory = paths.UnifiedDirectory
            ?? throw new GantryException(ErrorKind.NotFound, "cgroup does not exist");
        return TypeUrl.PackAny(V2Type, FromV2(CgroupV2Stats.Read(directory)));
    }

    private static Metrics FromV1(CgroupV1Stats stats)
    {
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

    private static Api.Cgroups.V2.Metrics FromV2(CgroupV2Stats stats)
    {
        Api.Cgroups.V2.Metrics metrics = new()
        {
            Cpu = CpuV2(stats),
            Memory = MemoryV2(stats),
            MemoryEvents = new Api.Cgroups.V2.MemoryEvents
            {
                Low = stats.MemoryEvents.GetValueOrDefault("low"),
                High = stats.MemoryEvents.GetValueOrDefault("high"),
                Max = stats.MemoryEvents.GetValueOrDefault("max"),
                Oom = stats.MemoryEvents.GetValueOrDefault("oom"),
                OomKill = stats.MemoryEvents.GetValueOrDefault("oom_kill"),
                OomGroupKill = stats.MemoryEvents.GetValueOrDefault("oom_group_kill"),
            },
            Io = new Api.Cgroups.V2.IOStat { Psi = Pressure(stats.IoPressure) },
            Rdma = new Api.Cgroups.V2.RdmaStat(),
        };
        if (stats.Pids is { } pids)
        {
            metrics.Pids = new Api.Cgroups.V2.PidsStat { Current = pids.Current, Limit = pids.Limit };
        }

        foreach (CgroupV2Stats.DeviceUsage device in stats.Io)
        {
            metrics.Io.Usage.Add(new Api.Cgroups.V2.IOEntry
            {
                Major = device.Major,
                Minor = device.Minor,
                Rbytes = device.ReadBytes,
                Wbytes = device.WrittenBytes,
                Rios = device.Reads,
                Wios = device.Writes,
            });
        }

        foreach ((string size, CgroupV2Stats.HugePageUsage usage) in stats.HugePages)
        {
            metrics.Hugetlb.Add(new Api.Cgroups.V2.HugeTlbStat
            {
                Pagesize = size,
                Current = usage.Current,
                Max = usage.Limit,
                Failcnt = usage.FailCount,
            });
        }

        metrics.Rdma.Current.AddRange(stats.RdmaCurrent.Select(Rdma));
        metrics.Rdma.Limit.AddRange(stats.RdmaLimit.Select(Rdma));
        return metrics;
    }

    private static Api.Cgroups.V2.RdmaEntry Rdma(CgroupV2Stats.RdmaUsage usage) =>
        new() { Device = usage.Device, HcaHandles = usage.Handles, HcaObjects = usage.Objects };

    private static Api.Cgroups.V2.CPUStat CpuV2(CgroupV2Stats stats) => new()
    {
        UsageUsec = stats.Cpu.GetValueOrDefault("usage_usec"),
        UserUsec = stats.Cpu.GetValueOrDefault("user_usec"),
        SystemUsec = stats.Cpu.GetValueOrDefault("system_usec"),
        NrPeriods = stats.Cpu.GetValueOrDefault("nr_periods"),
        NrThrottled = stats.Cpu.GetValueOrDefault("nr_throttled"),
        ThrottledUsec = stats.Cpu.GetValueOrDefault("throttled_usec"),
        NrBursts = stats.Cpu.GetValueOrDefault("nr_bursts"),
        BurstUsec = stats.Cpu.GetValueOrDefault("burst_usec"),
        Psi = Pressure(stats.CpuPressure),
    };

    private static Api.Cgroups.V2.MemoryStat MemoryV2(CgroupV2Stats stats)
    {
        IReadOnlyDictionary<string, ulong> memory = stats.Memory;
        return new Api.Cgroups.V2.MemoryStat
        {
            Anon = memory.GetValueOrDefault("anon"),
            File = memory.GetValueOrDefault("file"),
            KernelStack = memory.GetValueOrDefault("kernel_stack"),
            Slab = memory.GetValueOrDefault("slab"),
            Sock = memory.GetValueOrDefault("sock"),
            Shmem = memory.GetValueOrDefault("shmem"),
            FileMapped = memory.GetValueOrDefault("file_mapped"),
            FileDirty = memory.GetValueOrDefault("file_dirty"),
            FileWriteback = memory.GetValueOrDefault("file_writeback"),
            AnonThp = memory.GetValueOrDefault("anon_thp"),
            InactiveAnon = memory.GetValueOrDefault("inactive_anon"),
            ActiveAnon = memory.GetValueOrDefault("active_anon"),
            InactiveFile = memory.GetValueOrDefault("inactive_file"),
            ActiveFile = memory.GetValueOrDefault("active_file"),
            Unevictable = memory.GetValueOrDefault("unevictable"),
            SlabReclaimable = memory.GetValueOrDefault("slab_reclaimable"),
            SlabUnreclaimable = memory.GetValueOrDefault("slab_unreclaimable"),
            Pgfault = memory.GetValueOrDefault("pgfault"),
            Pgmajfault = memory.GetValueOrDefault("pgmajfault"),
            WorkingsetRefault = memory.GetValueOrDefault("workingset_refault")
                + memory.GetValueOrDefault("workingset_refault_anon")
                + memory.GetValueOrDefault("workingset_refault_file"),
            WorkingsetActivate = memory.GetValueOrDefault("workingset_activate")
                + memory.GetValueOrDefault("workingset_activate_anon")
                + memory.GetValueOrDefault("workingset_activate_file"),
            WorkingsetNodereclaim = memory.GetValueOrDefault("workingset_nodereclaim"),
            Pgrefill = memory.GetValueOrDefault("pgrefill"),
            Pgscan = memory.GetValueOrDefault("pgscan"),
            Pgsteal = memory.GetValueOrDefault("pgsteal"),
            Pgactivate = memory.GetValueOrDefault("pgactivate"),
            Pgdeactivate = memory.GetValueOrDefault("pgdeactivate"),
            Pglazyfree = memory.GetValueOrDefault("pglazyfree"),
            Pglazyfreed = memory.GetValueOrDefault("pglazyfreed"),
            ThpFaultAlloc = memory.GetValueOrDefault("thp_fault_alloc"),
            ThpCollapseAlloc = memory.GetValueOrDefault("thp_collapse_alloc"),
            Usage = stats.MemoryUsage,
            UsageLimit = stats.MemoryLimit,
            MaxUsage = stats.MemoryPeak,
            SwapUsage = stats.SwapUsage,
            SwapLimit = stats.SwapLimit,
            SwapMaxUsage = stats.SwapPeak,
            Psi = Pressure(stats.MemoryPressure),
        };
    }

    private static Api.Cgroups.V2.PSIStats? Pressure(CgroupV2Stats.Pressure? pressure) => pressure is null
        ? null
        : new Api.Cgroups.V2.PSIStats { Some = Line(pressure.Some), Full = Line(pressure.Full) };

    private static Api.Cgroups.V2.PSIData? Line(CgroupV2Stats.PressureLine? line) => line is null
        ? null
        : new Api.Cgroups.V2.PSIData
        {
            Avg10 = line.Average10,
            Avg60 = line.Average60,
            Avg300 = line.Average300,
            Total = line.Total,
        };
}
