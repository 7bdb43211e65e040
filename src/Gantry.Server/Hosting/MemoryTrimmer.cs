using System.Threading.Channels;
using Gantry.Linux.Processes;

namespace Gantry.Server.Hosting;

/// <summary>
/// Gives memory back to the system when a burst of work is over. A daemon works for seconds and rests for hours; what
/// it has allocated meanwhile would stay its own for as long as nothing else is allocated.
/// </summary>
internal sealed class MemoryTrimmer(TimeProvider time)
{
    private const int LargeBlock = 512 * 1024;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Spacing = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Says that there is work.</summary>
    public void Touch() => _work.Writer.TryWrite(true);

    /// <summary>Gives memory back after each burst of work, but not all the time, until the token ends it.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _ = NativeHeap.KeepApart(LargeBlock);
        while (true)
        {
            await _work.Reader.ReadAsync(cancellationToken);
            await Task.Delay(Quiet, time, cancellationToken);
            if (_work.Reader.Count > 0)
            {
                continue;
            }

            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _ = NativeHeap.Trim();
            _ = MappedFiles.Release();
            await Task.Delay(Spacing, time, cancellationToken);
        }
    }
}
