using System.Diagnostics.Metrics;

namespace Gantry.Server.Metrics;

/// <summary>
/// Adds up what the parts of the daemon measure, of each instrument of a meter whose name begins with <c>Gantry</c>. An
/// instrument is named as its metric. While there is no reader, nothing is measured.
/// </summary>
internal sealed class MeterReader : IDisposable
{
    private readonly MeterListener _listener = new();

    // Guards what follows.
    private readonly Lock _gate = new();
    private readonly List<MeterSeries> _series = [];

    private MeterReader()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Gantry", StringComparison.Ordinal))
            {
                MeterSeries series = new(instrument);
                lock (_gate)
                {
                    _series.Add(series);
                }

                listener.EnableMeasurementEvents(instrument, series);
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, series) => ((MeterSeries)series!).Add(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, series) => ((MeterSeries)series!).Add(value, tags));
    }

    /// <summary>Begins to read.</summary>
    public static MeterReader Start()
    {
        MeterReader reader = new();
        reader._listener.Start();
        return reader;
    }

    /// <summary>Writes what was measured so far.</summary>
    /// <param name="to">Where to.</param>
    public void Write(Exposition to)
    {
        MeterSeries[] series;
        lock (_gate)
        {
            series = [.. _series.OrderBy(one => one.Name, StringComparer.Ordinal)];
        }

        foreach (MeterSeries one in series)
        {
            one.Write(to);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
