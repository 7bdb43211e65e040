using System.Globalization;

namespace Gantry.Oci.Runtime;

/// <summary>Limits of a container, as its user says them. What is null stays as it is.</summary>
public sealed record ResourceLimits
{
    /// <summary>The least limit of memory: no container starts in less.</summary>
    public const long MinMemoryBytes = 512 << 10;

    /// <summary>No limit.</summary>
    public const long Unlimited = -1;

    private const long DefaultCpuPeriod = 100_000;
    private const double MaxCpus = 100_000;

    /// <summary>Memory in bytes.</summary>
    public long? Memory { get; init; }

    /// <summary>Memory and swap together in bytes; -1: no limit.</summary>
    public long? MemorySwap { get; init; }

    /// <summary>What memory is cut back to when the host runs short, in bytes.</summary>
    public long? MemoryReservation { get; init; }

    /// <summary>How eagerly memory is swapped out, 0 to 100; cgroup v1 only.</summary>
    public long? MemorySwappiness { get; init; }

    /// <summary>Whether the OOM killer lets the container be; cgroup v1 only.</summary>
    public bool? DisableOomKiller { get; init; }

    /// <summary>The weight of processor time beside others, 2 to 262144.</summary>
    public long? CpuShares { get; init; }

    /// <summary>Microseconds of processor time in each period, at least 1000; -1: no limit.</summary>
    public long? CpuQuota { get; init; }

    /// <summary>The period in microseconds, 1000 to 1000000.</summary>
    public long? CpuPeriod { get; init; }

    /// <summary>A number of processors, such as 0.5, instead of quota and period.</summary>
    public double? Cpus { get; init; }

    /// <summary>Which processors, such as <c>0-2,7</c>.</summary>
    public string? CpusetCpus { get; init; }

    /// <summary>Which memory nodes.</summary>
    public string? CpusetMems { get; init; }

    /// <summary>Processes and threads; 0 and -1: no limit.</summary>
    public long? Pids { get; init; }

    /// <summary>The weight at block devices, 10 to 1000.</summary>
    public int? BlockWeight { get; init; }

    /// <summary>Weights at single devices.</summary>
    public IReadOnlyList<SpecWeightDevice> BlockWeightDevices { get; init; } = [];

    /// <summary>Bytes read per second.</summary>
    public IReadOnlyList<SpecThrottleDevice> DeviceReadBytes { get; init; } = [];

    /// <summary>Bytes written per second.</summary>
    public IReadOnlyList<SpecThrottleDevice> DeviceWriteBytes { get; init; } = [];

    /// <summary>Reads per second.</summary>
    public IReadOnlyList<SpecThrottleDevice> DeviceReadOperations { get; init; } = [];

    /// <summary>Writes per second.</summary>
    public IReadOnlyList<SpecThrottleDevice> DeviceWriteOperations { get; init; } = [];

    /// <summary>Huge pages by size.</summary>
    public IReadOnlyList<SpecHugepageLimit> Hugepages { get; init; } = [];

    /// <summary>Puts these limits over others.</summary>
    /// <param name="resources">The others.</param>
    /// <exception cref="FormatException">A limit is out of its bounds, or two do not go together.</exception>
    public SpecResources Over(SpecResources resources)
    {
        ArgumentNullException.ThrowIfNull(resources);
        return resources with
        {
            Memory = OverMemory(resources.Memory),
            Cpu = OverCpu(resources.Cpu),
            Pids = Pids switch
            {
                null => resources.Pids,
                0 or Unlimited => new SpecPids { Limit = Unlimited },
                > 0 => new SpecPids { Limit = Pids.Value },
                _ => throw Bad("pids limit", Pids.Value, "-1 for none, or positive"),
            },
            BlockIo = OverBlockIo(resources.BlockIo),
            HugepageLimits = Hugepages.Count == 0 ? resources.HugepageLimits : Hugepages,
        };
    }

    private SpecMemory? OverMemory(SpecMemory? old)
    {
        if (Memory is null && MemorySwap is null && MemoryReservation is null && MemorySwappiness is null
            && DisableOomKiller is null)
        {
            return old;
        }

        Check("memory limit", Memory, MinMemoryBytes, long.MaxValue);
        Check("memory reservation", MemoryReservation, MinMemoryBytes, long.MaxValue);
        Check("memory swappiness", MemorySwappiness, 0, 100);
        SpecMemory memory = (old ?? new SpecMemory()) with
        {
            Limit = Memory ?? old?.Limit,
            Swap = MemorySwap ?? old?.Swap,
            Reservation = MemoryReservation ?? old?.Reservation,
            Swappiness = (ulong?)MemorySwappiness ?? old?.Swappiness,
            DisableOomKiller = DisableOomKiller is true ? true : DisableOomKiller is null ? old?.DisableOomKiller : null,
        };
        if (MemorySwap is { } swap and not Unlimited)
        {
            if (memory.Limit is not { } limit)
            {
                throw new FormatException("memory and swap limit: it needs a memory limit as well");
            }

            if (swap < limit)
            {
                throw Bad("memory and swap limit", swap, $"at least the memory limit, {limit}");
            }
        }

        return memory is { Reservation: { } reservation, Limit: { } most } && reservation > most
            ? throw Bad("memory reservation", reservation, $"at most the memory limit, {most}")
            : memory;
    }

    private SpecCpu? OverCpu(SpecCpu? old)
    {
        if (Cpus is { } cpus)
        {
            if (CpuQuota is not null || CpuPeriod is not null)
            {
                throw new FormatException("number of processors: it and quota or period can't be used together");
            }

            if (!(cpus is >= 0.01 and <= MaxCpus))
            {
                throw new FormatException(string.Create(
                    CultureInfo.InvariantCulture, $"number of processors {cpus}: not 0.01 to {MaxCpus}"));
            }
        }

        Check("cpu shares", CpuShares, 2, 262_144);
        Check("cpu period", CpuPeriod, 1000, 1_000_000);
        Check("cpu quota", CpuQuota is Unlimited ? null : CpuQuota, 1000, long.MaxValue / 1000);
        if (CpuShares is null && CpuQuota is null && CpuPeriod is null && Cpus is null && CpusetCpus is null
            && CpusetMems is null)
        {
            return old;
        }

        return (old ?? new SpecCpu()) with
        {
            Shares = (ulong?)CpuShares ?? old?.Shares,
            Quota = Cpus is { } count ? (long)(count * DefaultCpuPeriod) : CpuQuota ?? old?.Quota,
            Period = Cpus is null ? (ulong?)CpuPeriod ?? old?.Period : DefaultCpuPeriod,
            Cpus = CpusetCpus ?? old?.Cpus,
            Mems = CpusetMems ?? old?.Mems,
        };
    }

    private SpecBlockIo? OverBlockIo(SpecBlockIo? old)
    {
        Check("block device weight", BlockWeight, 10, 1000);
        foreach (SpecWeightDevice device in BlockWeightDevices)
        {
            Check("block device weight", device.Weight, 10, 1000);
        }

        if (BlockWeight is null && BlockWeightDevices.Count == 0 && DeviceReadBytes.Count == 0
            && DeviceWriteBytes.Count == 0 && DeviceReadOperations.Count == 0 && DeviceWriteOperations.Count == 0)
        {
            return old;
        }

        return (old ?? new SpecBlockIo()) with
        {
            Weight = (ushort?)BlockWeight ?? old?.Weight,
            WeightDevice = Or(BlockWeightDevices, old?.WeightDevice),
            ThrottleReadBpsDevice = Or(DeviceReadBytes, old?.ThrottleReadBpsDevice),
            ThrottleWriteBpsDevice = Or(DeviceWriteBytes, old?.ThrottleWriteBpsDevice),
            ThrottleReadIopsDevice = Or(DeviceReadOperations, old?.ThrottleReadIopsDevice),
            ThrottleWriteIopsDevice = Or(DeviceWriteOperations, old?.ThrottleWriteIopsDevice),
        };
    }

    private static IReadOnlyList<T>? Or<T>(IReadOnlyList<T> wanted, IReadOnlyList<T>? old) =>
        wanted.Count > 0 ? wanted : old;

    private static void Check(string what, long? value, long least, long most)
    {
        if (value is { } given && (given < least || given > most))
        {
            throw Bad(what, given, most >= long.MaxValue / 1000 ? $"at least {least}" : $"{least} to {most}");
        }
    }

    private static FormatException Bad(string what, long value, string legal) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{what} {value}: not {legal}"));
}
