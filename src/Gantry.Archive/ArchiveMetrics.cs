using System.Diagnostics.Metrics;

namespace Gantry.Archive;

/// <summary>What is measured of layers that are applied.</summary>
internal static class ArchiveMetrics
{
    private static readonly Meter Meter = new("Gantry.Archive");

    /// <summary>Layers.</summary>
    public static readonly Counter<long> Layers = Meter.CreateCounter<long>(
        "gantry_unpack_layers_total", description: "Layers that were unpacked, by result");

    /// <summary>Their bytes.</summary>
    public static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "gantry_unpack_bytes_total", description: "Bytes of unpacked layers, uncompressed");

    /// <summary>How long it took.</summary>
    public static readonly Histogram<double> Seconds = Meter.CreateHistogram(
        "gantry_unpack_seconds",
        description: "How long unpacking a layer took",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] });
}
