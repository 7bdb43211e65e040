using System.Threading.Channels;
using Gantry.Linux.Processes;

namespace Gantry.Shim.Containers;

/// <summary>
/// Gives memory back when a burst of work is over: a shim works for some milliseconds and then waits for days, so what
/// it has allocated meanwhile, and the code that it has come through, would stay for nothing.
/// </summary>
internal sealed class MemoryTrimmer(TimeProvider time)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Says that there was work.</summary>
    public void Touch() => _work.Writer.TryWrite(true);

    /// <summary>Waits for work, and gives memory back after each burst of it, until it is cancelled.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _work.Reader.ReadAsync(cancellationToken);
                await Task.Delay(Quiet, time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (_work.Reader.Count == 0)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                _ = MappedFiles.Release();
            }
        }
    }
}
