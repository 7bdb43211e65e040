namespace Gantry.Server.Metrics;

/// <summary>The kinds of metrics that there are in the text format.</summary>
internal enum MetricKind
{
    /// <summary>It goes up and down.</summary>
    Gauge,

    /// <summary>It only grows.</summary>
    Counter,

    /// <summary>How many were as great as that.</summary>
    Histogram,
}
