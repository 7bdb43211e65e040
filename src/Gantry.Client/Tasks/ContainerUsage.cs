using V1 = Gantry.Api.Cgroups.V1;
using V2 = Gantry.Api.Cgroups.V2;

namespace Gantry.Client.Tasks;

/// <summary>What a container uses, whichever version its cgroup has.</summary>
public sealed record ContainerUsage
{
    /// <summary>Processor time since the start.</summary>
    public TimeSpan Cpu { get; init; }

    /// <summary>Bytes of memory, without file cache that can be dropped at once.</summary>
    public ulong Memory { get; init; }

    /// <summary>The limit of memory; null: none.</summary>
    public ulong? MemoryLimit { get; init; }

    /// <summary>Processes and threads.</summary>
    public ulong Pids { get; init; }

    /// <summary>Their limit; null: none.</summary>
    public ulong? PidsLimit { get; init; }

    /// <summary>Bytes read from block devices.</summary>
    public ulong BlockRead { get; init; }

    /// <summary>Bytes written to block devices.</summary>
    public ulong BlockWritten { get; init; }

    /// <summary>Reads a measurement.</summary>
    /// <param name="metrics">The measurement.</param>
    /// <returns>Null when it is of a kind that this library does not know.</returns>
    /// <exception cref="Google.Protobuf.InvalidProtocolBufferException">It is malformed.</exception>
    public static ContainerUsage? Of(ContainerMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        return metrics.Data.TypeUrl switch
        {
            "io.containerd.cgroups.v1.Metrics" => Of(V1.Metrics.Parser.ParseFrom(metrics.Data.Value.Span)),
            "io.containerd.cgroups.v2.Metrics" => Of(V2.Metrics.Parser.ParseFrom(metrics.Data.Value.Span)),
            _ => null,
        };
    }

    private static ContainerUsage Of(V1.Metrics metrics) => new()
    {
        Cpu = TimeSpan.FromMicroseconds((metrics.Cpu?.Usage?.Total ?? 0) / 1000.0),
        Memory = Less(metrics.Memory?.Usage?.Usage ?? 0, metrics.Memory?.TotalInactiveFile ?? 0),
        MemoryLimit = Limit(metrics.Memory?.Usage?.Limit ?? 0),
        Pids = metrics.Pids?.Current ?? 0,
        PidsLimit = Limit(metrics.Pids?.Limit ?? 0),
        BlockRead = Sum(metrics.Blkio, "Read"),
        BlockWritten = Sum(metrics.Blkio, "Write"),
    };

    private static ContainerUsage Of(V2.Metrics metrics) => new()
    {
        Cpu = TimeSpan.FromMicroseconds(metrics.Cpu?.UsageUsec ?? 0),
        Memory = Less(metrics.Memory?.Usage ?? 0, metrics.Memory?.InactiveFile ?? 0),
        MemoryLimit = Limit(metrics.Memory?.UsageLimit ?? 0),
        Pids = metrics.Pids?.Current ?? 0,
        PidsLimit = Limit(metrics.Pids?.Limit ?? 0),
        BlockRead = metrics.Io?.Usage.Aggregate(0ul, (sum, e) => sum + e.Rbytes) ?? 0,
        BlockWritten = metrics.Io?.Usage.Aggregate(0ul, (sum, e) => sum + e.Wbytes) ?? 0,
    };

    private static ulong Less(ulong whole, ulong part) => whole > part ? whole - part : 0;

    /// <summary>What the kernel shows where there is no limit is near the greatest number.</summary>
    private static ulong? Limit(ulong value) => value is 0 or > long.MaxValue / 2 ? null : value;

    private static ulong Sum(V1.BlkIOStat? stat, string operation) =>
        (stat?.IoServiceBytesRecursive ?? [])
            .Where(e => string.Equals(e.Op, operation, StringComparison.OrdinalIgnoreCase))
            .Aggregate(0ul, (sum, e) => sum + e.Value);
}
