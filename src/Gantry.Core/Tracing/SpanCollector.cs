using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Gantry.Core.Tracing;

/// <summary>
/// Collects the spans that have ended and has them sent, many at a time. What can't be sent, or is too much, is lost: tracing
/// never keeps anybody waiting.
/// </summary>
public sealed class SpanCollector : IAsyncDisposable
{
    private const int QueueLimit = 2048;
    private const int BatchLimit = 512;

    private readonly TraceSettings _settings;
    private readonly Func<byte[], CancellationToken, Task> _send;
    private readonly Action<Exception> _failed;
    private readonly TimeProvider _time;
    private readonly ActivityListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Activity> _ended = Channel.CreateBounded<Activity>(
        new BoundedChannelOptions(QueueLimit) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly Task _loop;

    /// <summary>Begins to collect.</summary>
    /// <param name="settings">How.</param>
    /// <param name="send">Sends a batch, encoded as OTLP has it.</param>
    /// <param name="failed">Is told why a batch was lost.</param>
    /// <param name="time">The clock.</param>
    public SpanCollector(
        TraceSettings settings, Func<byte[], CancellationToken, Task> send, Action<Exception> failed, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _send = send;
        _failed = failed;
        _time = time;

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
                    _ended.Writer.TryWrite(span);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
        _loop = RunAsync();
    }

    /// <summary>Sends what there is, within the time that sending may take, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _ended.Writer.TryComplete();
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (await _ended.Reader.WaitToReadAsync())
        {
            if (!_stop.IsCancellationRequested)
            {
                await Task.Delay(_settings.Delay, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            List<Activity> batch = [];
            while (batch.Count < BatchLimit && _ended.Reader.TryRead(out Activity? span))
            {
                batch.Add(span);
            }

            await SendAsync(batch);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "whatever keeps spans from being sent is told, and nothing more")]
    private async Task SendAsync(List<Activity> batch)
    {
        try
        {
            using CancellationTokenSource limit = new(_settings.Timeout, _time);
            await _send(SpanEncoder.Encode(batch, _settings.Resource), limit.Token);
        }
        catch (Exception failure)
        {
            _failed(failure);
        }
    }
}
