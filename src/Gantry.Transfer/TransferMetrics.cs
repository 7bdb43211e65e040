using System.Diagnostics.Metrics;

namespace Gantry.Transfer;

/// <summary>What is measured of pulls by this process.</summary>
internal static class TransferMetrics
{
    private static readonly Meter Meter = new("Gantry.Transfer");

    /// <summary>Pulls.</summary>
    public static readonly Counter<long> Pulls = Meter.CreateCounter<long>(
        "gantry_pulls_total", description: "Pulls that the daemon has made for clients, by result");

    /// <summary>Bytes that came.</summary>
    public static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "gantry_pull_bytes_total", description: "Bytes of blobs that these pulls have fetched");

    /// <summary>How long the stages of pulls took.</summary>
    public static readonly Histogram<double> Seconds = Meter.CreateHistogram(
        "gantry_pull_seconds",
        description: "How long pulls took, by stage: resolve, manifests, layers (fetched and unpacked), all",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] });

    /// <summary>A stage has ended.</summary>
    /// <param name="stage">Which.</param>
    /// <param name="took">How long it took.</param>
    public static void Stage(string stage, TimeSpan took) =>
        Seconds.Record(took.TotalSeconds, new KeyValuePair<string, object?>("stage", stage));
}
