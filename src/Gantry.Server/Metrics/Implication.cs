namespace Gantry.Server.Metrics;

/// <summary>How a metric follows from another, so that its file need not be read: reading is what a scrape costs.</summary>
/// <param name="Name">The other metric, which stands in a file before.</param>
/// <param name="Value">
/// Makes the value out of the other's and the one of the scrape before; absent when it does not follow, and the file has to
/// be read.
/// </param>
internal sealed record Implication(string Name, Func<ulong, ulong, ulong> Value)
{
    /// <summary>No limit in version 1 is the greatest multiple of a page, which may have up to 64 KiB.</summary>
    private const ulong Unlimited = long.MaxValue - 0xFFFF;

    /// <summary>Of what was never used, nothing is.</summary>
    /// <param name="most">The greatest use.</param>
    public static Implication Use(string most) => new(most, (value, _) => value == 0 ? 0 : CgroupMetric.Absent);

    /// <summary>A limit that there is none of is hit no more often than before.</summary>
    /// <param name="limit">The limit.</param>
    public static Implication Failures(string limit) =>
        new(limit, (value, last) => value >= Unlimited ? last : CgroupMetric.Absent);

    /// <summary>A cgroup in which nothing is limited, by it or by those above it, has no limit.</summary>
    /// <param name="hierarchical">The least of all those limits.</param>
    public static Implication Limit(string hierarchical) =>
        new(hierarchical, (value, _) => value >= Unlimited ? value : CgroupMetric.Absent);
}
