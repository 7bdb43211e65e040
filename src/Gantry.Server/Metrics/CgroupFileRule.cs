namespace Gantry.Server.Metrics;

/// <summary>When a file of a counter of memory need not be read: reading is what a scrape costs.</summary>
internal enum CgroupFileRule
{
    /// <summary>It is always read.</summary>
    Always,

    /// <summary>Use: where the greatest use was 0, it is 0.</summary>
    Use,

    /// <summary>How often the limit was hit: where there is none, it is what it was.</summary>
    Failures,
}
