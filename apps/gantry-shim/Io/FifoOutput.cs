using Gantry.Linux.Io;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Shim.Io;

/// <summary>
/// Output on its way to a client's FIFO. It has arrived when the client has read it: clients close a FIFO as soon as they are
/// told that the task is deleted, and what is in it then would be lost.
/// </summary>
internal sealed class FifoOutput : IStreamMove
{
    /// <summary>A client that reads nothing for so long is not waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Nobody tells that a FIFO has become empty, so it is looked at.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    private readonly IStreamMove _copy;
    private readonly SafeFileHandle _writer;
    private readonly TimeProvider _time;
    private volatile bool _stopped;

    /// <summary>Watches a copy.</summary>
    /// <param name="copy">Moves the output; it owns its own ends of the FIFO, the reading one among them.</param>
    /// <param name="writer">A writing end of the FIFO besides; owned from now on.</param>
    /// <param name="time">The clock.</param>
    public FifoOutput(IStreamMove copy, SafeFileHandle writer, TimeProvider time)
    {
        _copy = copy;
        _writer = writer;
        _time = time;
        Completion = ArriveAsync();
    }

    /// <inheritdoc/>
    public Task Completion { get; }

    /// <inheritdoc/>
    public void Stop()
    {
        _stopped = true;
        _copy.Stop();
    }

    private async Task ArriveAsync()
    {
        using (_writer)
        {
            await _copy.Completion;
            long since = _time.GetTimestamp();
            int before = int.MaxValue;
            while (!_stopped && Fifo.HasReader(_writer) && Fifo.Waiting(_writer) is > 0 and int count)
            {
                if (count < before)
                {
                    before = count;
                    since = _time.GetTimestamp();
                }
                else if (_time.GetElapsedTime(since) >= Patience)
                {
                    break;
                }

                await Task.Delay(Interval, _time);
            }
        }
    }
}
