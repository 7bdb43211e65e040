using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Gantry.Server.Metrics;

/// <summary>
/// Writes metrics in Prometheus' text format 0.0.4, or as OpenMetrics 1.0.0. See
/// <see href="https://prometheus.io/docs/instrumenting/exposition_formats/"/>.
/// </summary>
/// <param name="output">Where they go. What is written waits in one buffer, which <see cref="FlushAsync"/> empties.</param>
/// <param name="openMetrics">Whether as OpenMetrics.</param>
internal sealed class Exposition(PipeWriter output, bool openMetrics) : IDisposable
{
    private const int FullAt = 64 * 1024;
    private const int NumberRoom = 32;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FullAt * 2);
    private int _length;

    /// <summary>Whether it is time to call <see cref="FlushAsync"/>.</summary>
    public bool IsFull => _length >= FullAt;

    /// <summary>The type of what is written.</summary>
    public string ContentType => openMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Begins a metric; its samples follow.</summary>
    /// <param name="name">Its name; that of a counter ends in <c>_total</c>.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="help">What it is, in one line without a backslash.</param>
    public void Begin(ReadOnlySpan<byte> name, MetricKind kind, string help)
    {
        ReadOnlySpan<byte> family = openMetrics && kind is MetricKind.Counter && name.EndsWith("_total"u8)
            ? name[..^"_total".Length]
            : name;
        Append("# HELP "u8);
        Append(family);
        Append(" "u8);
        Append(Encoding.UTF8.GetBytes(help));
        Append("\n# TYPE "u8);
        Append(family);
        Append(kind switch
        {
            MetricKind.Counter => " counter\n"u8,
            MetricKind.Histogram => " histogram\n"u8,
            _ => " gauge\n"u8,
        });
    }

    /// <summary>Writes a metric that has one sample.</summary>
    public void Single(ReadOnlySpan<byte> name, MetricKind kind, string help, double value)
    {
        Begin(name, kind, help);
        Sample(name, default, value);
    }

    /// <summary>Writes a sample.</summary>
    /// <param name="name">The metric's name.</param>
    /// <param name="labels">Its labels, without braces.</param>
    /// <param name="value">Its value.</param>
    public void Sample(ReadOnlySpan<byte> name, ReadOnlySpan<byte> labels, ulong value) =>
        Sample(name, labels, default, value);

    /// <summary>Writes a sample with labels in two parts.</summary>
    public void Sample(ReadOnlySpan<byte> name, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> more, ulong value)
    {
        Name(name, labels, more);
        Utf8Formatter.TryFormat(value, Room(NumberRoom), out int written);
        End(written);
    }

    /// <summary>Writes a sample that may have a fraction.</summary>
    public void Sample(ReadOnlySpan<byte> name, ReadOnlySpan<byte> labels, double value) =>
        Sample(name, labels, default, value);

    /// <inheritdoc cref="Sample(ReadOnlySpan{byte}, ReadOnlySpan{byte}, double)"/>
    public void Sample(ReadOnlySpan<byte> name, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> more, double value)
    {
        Name(name, labels, more);
        value.TryFormat(Room(NumberRoom), out int written, default, CultureInfo.InvariantCulture);
        End(written);
    }

    /// <summary>Writes the samples of a histogram.</summary>
    /// <param name="name">The metric's name.</param>
    /// <param name="labels">Its labels, without braces.</param>
    /// <param name="bounds">The upper bounds of the buckets.</param>
    /// <param name="counts">How many were in each bucket; one more than bounds.</param>
    /// <param name="sum">The sum of all.</param>
    public void Histogram(
        string name, ReadOnlySpan<byte> labels, ReadOnlySpan<double> bounds, ReadOnlySpan<long> counts, double sum)
    {
        byte[] bucket = Encoding.UTF8.GetBytes(name + "_bucket");
        ulong count = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            count += (ulong)counts[i];
            string bound = i == bounds.Length ? "+Inf" : Bound(bounds[i]);
            Sample(bucket, labels, Encoding.UTF8.GetBytes($"le=\"{bound}\""), count);
        }

        Sample(Encoding.UTF8.GetBytes(name + "_sum"), labels, sum);
        Sample(Encoding.UTF8.GetBytes(name + "_count"), labels, count);
    }

    /// <summary>Sends what was written.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_length > 0)
        {
            await output.WriteAsync(_buffer.AsMemory(0, _length), cancellationToken);
            _length = 0;
        }
    }

    /// <summary>Writes the end, and sends all.</summary>
    public ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (openMetrics)
        {
            Append("# EOF\n"u8);
        }

        return FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    // OpenMetrics wants the bounds of buckets with a fraction: 1.0.
    private string Bound(double bound)
    {
        string text = bound.ToString(CultureInfo.InvariantCulture);
        return openMetrics && !text.AsSpan().ContainsAny('.', 'E') ? text + ".0" : text;
    }

    private void Name(ReadOnlySpan<byte> name, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> more)
    {
        Span<byte> room = Room(name.Length + labels.Length + more.Length + NumberRoom);
        name.CopyTo(room);
        int at = name.Length;
        if (labels.Length + more.Length > 0)
        {
            room[at++] = (byte)'{';
            labels.CopyTo(room[at..]);
            at += labels.Length;
            if (labels.Length > 0 && more.Length > 0)
            {
                room[at++] = (byte)',';
            }

            more.CopyTo(room[at..]);
            at += more.Length;
            room[at++] = (byte)'}';
        }

        room[at++] = (byte)' ';
        _length += at;
    }

    private void End(int written)
    {
        _length += written;
        Room(1)[0] = (byte)'\n';
        _length++;
    }

    private void Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        _length += text.Length;
    }

    private Span<byte> Room(int size)
    {
        if (_buffer.Length - _length < size)
        {
            byte[] greater = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + size));
            _buffer.AsSpan(0, _length).CopyTo(greater);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = greater;
        }

        return _buffer.AsSpan(_length);
    }
}
