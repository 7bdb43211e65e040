using System.Diagnostics.Metrics;
using System.Text;

namespace Gantry.Server.Metrics;

/// <summary>The sums of one instrument, for each set of labels.</summary>
/// <param name="instrument">The instrument.</param>
internal sealed class MeterSeries(Instrument instrument)
{
    /// <summary>More sets of labels than these go into none: what is measured chooses among few words.</summary>
    private const int Limit = 256;

    private static readonly double[] UsualBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300];

    private readonly double[]? _bounds = instrument switch
    {
        Histogram<double> histogram => [.. histogram.Advice?.HistogramBucketBoundaries ?? UsualBounds],
        Histogram<long> histogram => [.. histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound) ?? UsualBounds],
        _ => null,
    };

    // Guards what follows.
    private readonly Lock _gate = new();
    private readonly Dictionary<(object? First, object? Second), Sum> _sums = [];

    /// <summary>The name of the metric.</summary>
    public string Name => instrument.Name;

    /// <summary>Adds a measurement.</summary>
    /// <param name="value">The value.</param>
    /// <param name="tags">Its labels, two at most.</param>
    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        (object?, object?) key = (tags.Length > 0 ? tags[0].Value : null, tags.Length > 1 ? tags[1].Value : null);
        lock (_gate)
        {
            if (!_sums.TryGetValue(key, out Sum? sum))
            {
                if (_sums.Count >= Limit)
                {
                    return;
                }

                _sums.Add(key, sum = new Sum(LabelsOf(tags), _bounds?.Length + 1 ?? 0));
            }

            sum.Total += value;
            if (_bounds is not null)
            {
                int bucket = 0;
                while (bucket < _bounds.Length && value > _bounds[bucket])
                {
                    bucket++;
                }

                sum.Buckets[bucket]++;
            }
        }
    }

    /// <summary>Writes the sums; of one that was never measured there is its name alone.</summary>
    /// <param name="to">Where to.</param>
    public void Write(Exposition to)
    {
        byte[] name = Encoding.UTF8.GetBytes(Name);
        MetricKind kind = _bounds is not null ? MetricKind.Histogram : MetricKind.Counter;
        lock (_gate)
        {
            to.Begin(name, kind, instrument.Description ?? "");
            foreach (Sum sum in _sums.Values)
            {
                if (_bounds is null)
                {
                    to.Sample(name, sum.Labels, sum.Total);
                }
                else
                {
                    to.Histogram(Name, sum.Labels, _bounds, sum.Buckets, sum.Total);
                }
            }
        }
    }

    private static byte[] LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        (string, string)[] labels = new (string, string)[tags.Length];
        for (int i = 0; i < tags.Length; i++)
        {
            labels[i] = (tags[i].Key, tags[i].Value?.ToString() ?? "");
        }

        return LabelText.Of(labels);
    }

    private sealed class Sum(byte[] labels, int buckets)
    {
        public byte[] Labels => labels;

        public long[] Buckets { get; } = new long[buckets];

        public double Total { get; set; }
    }
}
