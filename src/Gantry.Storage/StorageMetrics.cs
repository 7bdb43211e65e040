using System.Diagnostics.Metrics;

namespace Gantry.Storage;

/// <summary>What the store measures.</summary>
internal static class StorageMetrics
{
    private static readonly Meter Meter = new("Gantry.Storage");

    /// <summary>Changes that went into one commit.</summary>
    public static readonly Histogram<long> CommitChanges = Meter.CreateHistogram(
        "gantry_db_commit_changes",
        description: "Changes that went into one commit of the database",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200] });

    /// <summary>How long COMMIT took.</summary>
    public static readonly Histogram<double> CommitSeconds = Meter.CreateHistogram(
        "gantry_db_commit_seconds",
        description: "How long commits of the database took, with the fsync of those that are synced",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
        });

    /// <summary>Collections, under containerd's name.</summary>
    public static readonly Counter<long> Collections = Meter.CreateCounter<long>(
        "containerd_gc_collections_total", description: "counter of garbage collections");

    /// <summary>How long collections took, under containerd's name.</summary>
    public static readonly Histogram<double> CollectionSeconds = Meter.CreateHistogram(
        "containerd_gc_gc_seconds",
        description: "duration of garbage collections",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        });

    /// <summary>What collections removed.</summary>
    public static readonly Counter<long> Removed = Meter.CreateCounter<long>(
        "gantry_gc_removed_total", description: "Objects that collections removed, by kind");

    /// <summary>The bytes of what collections removed.</summary>
    public static readonly Counter<long> RemovedBytes = Meter.CreateCounter<long>(
        "gantry_gc_removed_bytes_total", description: "Size of the objects that collections removed, by kind");

    /// <summary>Bytes that were written into the content store.</summary>
    public static readonly Counter<long> ContentBytes = Meter.CreateCounter<long>(
        "gantry_content_written_bytes_total", description: "Bytes that clients and the daemon have written into the content store");
}
