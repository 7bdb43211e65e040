using System.Text;

namespace Gantry.Server.Metrics;

/// <summary>A metric of cgroups that a container has several values of, told apart by more labels.</summary>
/// <param name="name">Its name, with its unit.</param>
/// <param name="help">What it is.</param>
internal sealed class LabeledMetric(string name, string help)
{
    /// <summary>CPU time on each processor, label <c>cpu</c>; the others are by device, or by size of pages.</summary>
    public static readonly LabeledMetric PerCpu = new("container_per_cpu_nanoseconds", "The total cpu time per cpu");

    /// <summary>Version 1's counters of block devices, labels <c>op device major minor</c>, by the names of their files.</summary>
    public static readonly IReadOnlyDictionary<string, LabeledMetric> Block = new Dictionary<string, LabeledMetric>(
        StringComparer.Ordinal)
    {
        ["io_service_bytes"] = new("container_blkio_io_service_bytes_recursive_bytes", "The blkio io service bytes recursive"),
        ["io_serviced"] = new("container_blkio_io_serviced_recursive_total", "The blkio io serviced recursive"),
        ["io_queued"] = new("container_blkio_io_queued_recursive_total", "The blkio io queued recursive"),
        ["io_service_time"] = new("container_blkio_io_service_time_recursive_total", "The blkio io service time recursive"),
        ["io_merged"] = new("container_blkio_io_merged_recursive_total", "The blkio io merged recursive"),
        ["time"] = new("container_blkio_io_time_recursive_total", "The blkio io time recursive"),
        ["sectors"] = new("container_blkio_sectors_recursive_total", "The blkio sectors recursive"),
    };

    /// <summary>Version 2's counters of block devices, labels <c>major minor</c>.</summary>
    public static readonly LabeledMetric ReadBytes = new("container_io_rbytes_bytes", "IO bytes read");

    /// <inheritdoc cref="ReadBytes"/>
    public static readonly LabeledMetric WrittenBytes = new("container_io_wbytes_bytes", "IO bytes written");

    /// <inheritdoc cref="ReadBytes"/>
    public static readonly LabeledMetric Reads = new("container_io_rios_total", "Number of read IOs");

    /// <inheritdoc cref="ReadBytes"/>
    public static readonly LabeledMetric Writes = new("container_io_wios_total", "Number of write IOs");

    /// <summary>Huge pages, label <c>page</c>.</summary>
    public static readonly LabeledMetric HugeUsage = new("container_hugetlb_usage_bytes", "The hugetlb usage");

    /// <inheritdoc cref="HugeUsage"/>
    public static readonly LabeledMetric HugeMax = new("container_hugetlb_max_bytes", "The hugetlb maximum usage");

    /// <inheritdoc cref="HugeUsage"/>
    public static readonly LabeledMetric HugeFailures = new("container_hugetlb_failcnt_total", "The hugetlb failcnt");

    /// <summary>All of them.</summary>
    public static IEnumerable<LabeledMetric> All =>
        [PerCpu, .. Block.Values, ReadBytes, WrittenBytes, Reads, Writes, HugeUsage, HugeMax, HugeFailures];

    /// <summary>The name.</summary>
    public byte[] Name { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>What it is.</summary>
    public string Help => help;
}
