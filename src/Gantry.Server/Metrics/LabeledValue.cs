namespace Gantry.Server.Metrics;

/// <summary>One of several values that a container has of a metric.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Labels">What tells it from the others, such as <c>cpu="0"</c>.</param>
/// <param name="Value">The value.</param>
internal readonly record struct LabeledValue(LabeledMetric Metric, byte[] Labels, ulong Value);
