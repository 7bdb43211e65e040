using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Gantry.Core.Errors;

namespace Gantry.Core.Tracing;

/// <summary>
/// Collects the spans that have ended and has them sent, many at a time. What can't be sent, or is too much, is lost: tracing
/// never keeps anybody waiting.
/// </summary>
public sealed class SpanCollector : IAsyncDisposable
{
    private const int QueueLimit = 2048;
    private const int BatchLimit = 512;

    /// <summary>Whoever ends waits no longer than this for a collector, however many spans there are.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    private readonly TraceSettings _settings;
    private readonly Func<byte[], CancellationToken, Task> _send;
    private readonly Action<Exception> _failed;
    private readonly TimeProvider _time;
    private readonly ActivityListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _end;
    private readonly Channel<Activity> _ended = Channel.CreateBounded<Activity>(
        new BoundedChannelOptions(QueueLimit) { SingleReader = true });

    // Tells that there are enough for a batch.
    private readonly Channel<bool> _enough = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly Task _loop;
    private int _lost;

    /// <summary>Begins to collect.</summary>
    /// <param name="settings">How.</param>
    /// <param name="send">Sends a batch, encoded as OTLP has it.</param>
    /// <param name="failed">Is told why spans were lost.</param>
    /// <param name="time">The clock.</param>
    public SpanCollector(
        TraceSettings settings, Func<byte[], CancellationToken, Task> send, Action<Exception> failed, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _send = send;
        _failed = failed;
        _time = time;
        _end = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);

        // It asks whom to listen to while a source is being made: this one is to be there before.
        ActivitySource ours = Traces.Source;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, ours),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => settings.Sampler.Keeps(options.Parent, options.TraceId)
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.PropagationData,
            ActivityStopped = span =>
            {
                if (span.Recorded)
                {
                    Keep(span);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
        _loop = RunAsync();
    }

    /// <summary>Sends what there is, within two seconds for all of it, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _ended.Writer.TryComplete();
        _end.CancelAfter(EndLimit);
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _end.Dispose();
    }

    private void Keep(Activity span)
    {
        if (!_ended.Writer.TryWrite(span))
        {
            Interlocked.Increment(ref _lost);
        }
        else if (_ended.Reader.Count >= BatchLimit)
        {
            _enough.Writer.TryWrite(true);
        }
    }

    private async Task RunAsync()
    {
        while (await _ended.Reader.WaitToReadAsync())
        {
            await WaitAsync();
            await SendAllAsync();
        }
    }

    /// <summary>Waits for more spans, until there are enough for a batch, it is time, or the end.</summary>
    private async Task WaitAsync()
    {
        using CancellationTokenSource delay = new(_settings.Delay, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(delay.Token, _stop.Token);
        Task enough = _enough.Reader.WaitToReadAsync(either.Token).AsTask();
        await enough.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _enough.Reader.TryRead(out _);
    }

    /// <summary>Sends what waits now, and tells once what was too much since the last time.</summary>
    private async Task SendAllAsync()
    {
        for (int waiting = _ended.Reader.Count; waiting > 0 && !_end.IsCancellationRequested; waiting -= BatchLimit)
        {
            List<Activity> batch = [];
            while (batch.Count < BatchLimit && _ended.Reader.TryRead(out Activity? span))
            {
                batch.Add(span);
            }

            await SendAsync(batch);
        }

        int lost = Interlocked.Exchange(ref _lost, 0);
        while (_end.IsCancellationRequested && _ended.Reader.TryRead(out _))
        {
            lost++;
        }

        if (lost > 0)
        {
            _failed(new GantryException(ErrorKind.ResourceExhausted, $"{lost} spans were dropped, since too many waited"));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "whatever keeps spans from being sent is told, and nothing more")]
    private async Task SendAsync(List<Activity> batch)
    {
        try
        {
            using CancellationTokenSource limit = new(_settings.Timeout, _time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _end.Token);
            await _send(SpanEncoder.Encode(batch, _settings.Resource), either.Token);
        }
        catch (Exception failure)
        {
            _failed(failure);
        }
    }
}
