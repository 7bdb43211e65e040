namespace Gantry.Server.Metrics;

/// <summary>The files of both versions of cgroups that are read for metrics, and what each number in them is called.</summary>
internal static class CgroupFiles
{
    /// <summary>A tick of <c>cpuacct.stat</c>: a hundredth of a second on every machine of today.</summary>
    private const ulong Tick = 10_000_000;

    private const string Memory = "memory";

    private const string HierarchicalLimit = "hierarchical_memory_limit";
    private const string HierarchicalSwapLimit = "hierarchical_memsw_limit";

    /// <summary>Version 1.</summary>
    public static readonly IReadOnlyList<CgroupFile> V1 =
    [
        new("cpuacct", "cpuacct.usage", new CgroupMetric("", "container_cpu_total_nanoseconds", "The total cpu time")),
        new(
            "cpuacct",
            "cpuacct.stat",
            new("system", "container_cpu_kernel_nanoseconds", "The total kernel cpu time", Tick),
            new("user", "container_cpu_user_nanoseconds", "The total user cpu time", Tick)),
        new(
            "cpu",
            "cpu.stat",
            new("nr_periods", "container_cpu_throttle_periods_total", "The total cpu throttle periods"),
            new("nr_throttled", "container_cpu_throttled_periods_total", "The total cpu throttled periods"),
            new("throttled_time", "container_cpu_throttled_time_nanoseconds", "The total cpu throttled time")),
        new("pids", "pids.current", new CgroupMetric("", "container_pids_current", "The current number of pids")),
        new("pids", "pids.max", new CgroupMetric("", "container_pids_limit", "The limit to the number of pids allowed", max: 0)),
        new(Memory, "memory.stat", MemoryV1()),
        .. Counter("memory.", "usage", "memory", HierarchicalLimit),
        .. Counter("memory.memsw.", "swap", "swap", HierarchicalSwapLimit),
        .. Counter("memory.kmem.", "kernel", "kernel"),
        .. Counter("memory.kmem.tcp.", "kerneltcp", "kerneltcp"),
        new(
            Memory,
            "memory.oom_control",
            new CgroupMetric("oom_kill", "container_memory_oom_total", "The number of processes that were killed for want of memory")),
    ];

    /// <summary>Version 2.</summary>
    public static readonly IReadOnlyList<CgroupFile> V2 =
    [
        new(
            "",
            "cpu.stat",
            new("usage_usec", "container_cpu_usage_usec_microseconds", "Total cpu usage (cgroup v2)"),
            new("user_usec", "container_cpu_user_usec_microseconds", "Current cpu usage in user space (cgroup v2)"),
            new("system_usec", "container_cpu_system_usec_microseconds", "Current cpu usage in kernel space (cgroup v2)"),
            new("nr_periods", "container_cpu_nr_periods_total", "Current cpu number of periods (cgroup v2)"),
            new("nr_throttled", "container_cpu_nr_throttled_total", "Total number of throttled periods (cgroup v2)"),
            new("throttled_usec", "container_cpu_throttled_usec_microseconds", "Total time of being throttled (cgroup v2)")),
        new("", "pids.current", new CgroupMetric("", "container_pids_current", "The current number of pids")),
        new("", "pids.max", new CgroupMetric("", "container_pids_limit", "The limit to the number of pids allowed")),
        new("", "memory.current", new CgroupMetric("", "container_memory_usage_bytes", "Current memory usage (cgroup v2)")),
        new("", "memory.max", new CgroupMetric("", "container_memory_usage_limit_bytes", "Current memory usage limit (cgroup v2)")),
        new("", "memory.swap.current", new CgroupMetric("", "container_memory_swap_usage_bytes", "Current swap usage (cgroup v2)")),
        new("", "memory.swap.max", new CgroupMetric("", "container_memory_swap_limit_bytes", "Current swap usage limit (cgroup v2)")),
        new("", "memory.stat", MemoryV2()),
        new(
            "",
            "memory.events",
            new CgroupMetric("oom", "container_memory_oom_total", "The number of times a container has received an oom event")),
    ];

    private static CgroupFile[] Counter(string prefix, string name, string what, string? hierarchical = null)
    {
        string limit = $"container_memory_{name}_limit_bytes";
        string most = $"container_memory_{name}_max_bytes";
        return
        [
            new(Memory, prefix + "limit_in_bytes", new CgroupMetric("", limit, $"The {what} limit"))
            {
                Implied = hierarchical is null ? null : Implication.Limit($"container_memory_{hierarchical}_bytes"),
            },
            new(Memory, prefix + "max_usage_in_bytes", new CgroupMetric("", most, $"The {what} maximum usage")),
            new(Memory, prefix + "usage_in_bytes", new CgroupMetric("", $"container_memory_{name}_usage_bytes", $"The {what} usage"))
            {
                Implied = Implication.Use(most),
            },
            new(Memory, prefix + "failcnt", new CgroupMetric("", $"container_memory_{name}_failcnt_total", $"How often the {what} limit was hit"))
            {
                Implied = Implication.Failures(limit),
            },
        ];
    }

    private static CgroupMetric[] MemoryV1()
    {
        string[] own =
        [
            "cache", "rss", "rss_huge", "mapped_file", "dirty", "writeback", "pgpgin", "pgpgout", "pgfault", "pgmajfault",
            "inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable",
        ];
        return
        [
            .. own.Select(MemoryAmount),
            MemoryAmount(HierarchicalLimit),
            MemoryAmount(HierarchicalSwapLimit),
            .. own.Select(key => MemoryAmount("total_" + key)),
        ];
    }

    private static CgroupMetric[] MemoryV2() =>
    [
        .. ((string[])
            [
                "anon", "file", "kernel_stack", "slab", "sock", "shmem", "file_mapped", "file_dirty", "file_writeback",
                "anon_thp", "inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable",
                "slab_reclaimable", "slab_unreclaimable", "pgfault", "pgmajfault", "workingset_refault",
                "workingset_activate", "workingset_nodereclaim", "pgrefill", "pgscan", "pgsteal", "pgactivate",
                "pgdeactivate", "pglazyfree", "pglazyfreed", "thp_fault_alloc", "thp_collapse_alloc",
            ]).Select(MemoryAmount),
    ];

    // All are called bytes, those that count pages and faults too: these are the names that dashboards ask for.
    private static CgroupMetric MemoryAmount(string key) => new(key, $"container_memory_{key}_bytes", $"The {key} amount");
}
