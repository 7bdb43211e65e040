using Gantry.Api.Cgroups.V2;
using Gantry.Linux.Cgroups;

namespace Gantry.Api.Mapping;

/// <summary>Statistics of version 2's cgroups as the message that clients know.</summary>
public static class CgroupV2Mapping
{
    /// <summary>The message.</summary>
    /// <param name="stats">The statistics.</param>
    public static Metrics ToMessage(this CgroupV2Stats stats)
    {
        ArgumentNullException.ThrowIfNull(stats);
        Metrics metrics = new()
        {
            Cpu = CpuV2(stats),
            Memory = MemoryV2(stats),
            MemoryEvents = new MemoryEvents
            {
                Low = stats.MemoryEvents.GetValueOrDefault("low"),
                High = stats.MemoryEvents.GetValueOrDefault("high"),
                Max = stats.MemoryEvents.GetValueOrDefault("max"),
                Oom = stats.MemoryEvents.GetValueOrDefault("oom"),
                OomKill = stats.MemoryEvents.GetValueOrDefault("oom_kill"),
                OomGroupKill = stats.MemoryEvents.GetValueOrDefault("oom_group_kill"),
            },
            Io = new IOStat { Psi = Pressure(stats.IoPressure) },
            Rdma = new RdmaStat(),
        };
        if (stats.Pids is { } pids)
        {
            metrics.Pids = new PidsStat { Current = pids.Current, Limit = pids.Limit };
        }

        foreach (CgroupV2Stats.DeviceUsage device in stats.Io)
        {
            metrics.Io.Usage.Add(new IOEntry
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
            metrics.Hugetlb.Add(new HugeTlbStat
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

    private static RdmaEntry Rdma(RdmaUsage usage) =>
        new() { Device = usage.Device, HcaHandles = usage.Handles, HcaObjects = usage.Objects };

    private static CPUStat CpuV2(CgroupV2Stats stats) => new()
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

    private static MemoryStat MemoryV2(CgroupV2Stats stats)
    {
        IReadOnlyDictionary<string, ulong> memory = stats.Memory;
        return new MemoryStat
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

    private static PSIStats? Pressure(CgroupV2Stats.Pressure? pressure) => pressure is null
        ? null
        : new PSIStats { Some = Line(pressure.Some), Full = Line(pressure.Full) };

    private static PSIData? Line(CgroupV2Stats.PressureLine? line) => line is null
        ? null
        : new PSIData
        {
            Avg10 = line.Average10,
            Avg60 = line.Average60,
            Avg300 = line.Average300,
            Total = line.Total,
        };
}
