using System.Text;

namespace Gantry.Server.Metrics;

/// <summary>A file of a cgroup, with the metrics that are in it.</summary>
/// <param name="controller">The controller whose directory it is in; of version 2 the empty name.</param>
/// <param name="name">Its name.</param>
/// <param name="metrics">What is read from it: one metric without a key, or one for each key.</param>
internal sealed class CgroupFile(string controller, string name, params CgroupMetric[] metrics)
{
    // The lines of the file when one was read last, and the metric of each: lines keep their order, so that looking at the
    // same place first spares the search. A hint alone, which scrapes change one at a time.
    private Line[] _lines = [];

    /// <summary>How its only metric follows from one in a file before it; null when it always has to be read.</summary>
    public Implication? Implied { get; init; }

    /// <summary>The controller.</summary>
    public string Controller => controller;

    /// <summary>The name, as the kernel has it.</summary>
    public byte[] Name { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>The metrics.</summary>
    public IReadOnlyList<CgroupMetric> Metrics => metrics;

    /// <summary>Reads the values out of what is in the file.</summary>
    /// <param name="text">What is in it.</param>
    /// <param name="values">Gets the values, each at the index of its metric; they are all absent before.</param>
    public void Parse(ReadOnlySpan<byte> text, Span<ulong> values)
    {
        if (metrics[0].Key.Length == 0)
        {
            values[0] = metrics[0].Value(text);
            return;
        }

        int line = 0;
        while (KernelText.TryNextLine(ref text, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value))
        {
            int metric = MetricOf(line++, key);
            if (metric >= 0)
            {
                ulong number = metrics[metric].Value(value);
                values[metric] = values[metric] == CgroupMetric.Absent ? number : values[metric] + number;
            }
        }
    }

    private int MetricOf(int line, ReadOnlySpan<byte> key)
    {
        Line[] lines = _lines;
        if (line < lines.Length && key.SequenceEqual(lines[line].Key))
        {
            return lines[line].Metric;
        }

        int metric = Array.FindIndex(metrics, Matches(key));
        if (line >= lines.Length)
        {
            Array.Resize(ref lines, line + 1);
        }

        lines[line] = new Line(key.ToArray(), metric);
        _lines = lines;
        return metric;
    }

    private static Predicate<CgroupMetric> Matches(ReadOnlySpan<byte> key)
    {
        byte[] sought = key.ToArray();
        return metric => metric.IsIn(sought);
    }

    private readonly record struct Line(byte[] Key, int Metric);
}
