using Gantry.Api.Mapping;
using Gantry.Core;
using Gantry.Linux.Cgroups;
using V1 = Gantry.Api.Cgroups.V1;
using V2 = Gantry.Api.Cgroups.V2;

namespace Gantry.Shim.Sandboxes;

/// <summary>
/// What the containers of a sandbox use together: the sums of what adds up (processes, CPU time, memory), in the message of
/// the machine's version of cgroups.
/// </summary>
internal static class PodMetrics
{
    public static TypedBytes? Sum(IEnumerable<CgroupPaths?> cgroups)
    {
        V1.Metrics? v1 = null;
        V2.Metrics? v2 = null;
        foreach (CgroupPaths cgroup in cgroups.OfType<CgroupPaths>())
        {
            if (!cgroup.Unified)
            {
                Add(v1 ??= EmptyV1(), CgroupV1Stats.Read(cgroup).ToMessage());
            }
            else if (cgroup.UnifiedDirectory is { } directory)
            {
                Add(v2 ??= EmptyV2(), CgroupV2Stats.Read(directory).ToMessage());
            }
        }

        return v1 is not null ? CgroupMapping.Pack(v1) : v2 is not null ? CgroupMapping.Pack(v2) : null;
    }

    private static V1.Metrics EmptyV1() => new()
    {
        Pids = new V1.PidsStat(),
        Cpu = new V1.CPUStat { Usage = new V1.CPUUsage() },
        Memory = new V1.MemoryStat { Usage = new V1.MemoryEntry() },
    };

    private static V2.Metrics EmptyV2() =>
        new() { Pids = new V2.PidsStat(), Cpu = new V2.CPUStat(), Memory = new V2.MemoryStat() };

    private static void Add(V1.Metrics sum, V1.Metrics one)
    {
        sum.Pids.Current += one.Pids?.Current ?? 0;
        sum.Cpu.Usage.Total += one.Cpu?.Usage.Total ?? 0;
        sum.Cpu.Usage.Kernel += one.Cpu?.Usage.Kernel ?? 0;
        sum.Cpu.Usage.User += one.Cpu?.Usage.User ?? 0;
        if (one.Memory is { } memory)
        {
            sum.Memory.Cache += memory.Cache;
            sum.Memory.Rss += memory.Rss;
            sum.Memory.InactiveFile += memory.InactiveFile;
            sum.Memory.TotalInactiveFile += memory.TotalInactiveFile;
            sum.Memory.PgFault += memory.PgFault;
            sum.Memory.PgMajFault += memory.PgMajFault;
            sum.Memory.Usage.Usage += memory.Usage.Usage;
        }
    }

    private static void Add(V2.Metrics sum, V2.Metrics one)
    {
        sum.Pids.Current += one.Pids?.Current ?? 0;
        sum.Cpu.UsageUsec += one.Cpu.UsageUsec;
        sum.Cpu.UserUsec += one.Cpu.UserUsec;
        sum.Cpu.SystemUsec += one.Cpu.SystemUsec;
        sum.Memory.Anon += one.Memory.Anon;
        sum.Memory.File += one.Memory.File;
        sum.Memory.InactiveFile += one.Memory.InactiveFile;
        sum.Memory.Pgfault += one.Memory.Pgfault;
        sum.Memory.Pgmajfault += one.Memory.Pgmajfault;
        sum.Memory.Usage += one.Memory.Usage;
        sum.Memory.SwapUsage += one.Memory.SwapUsage;
    }
}
