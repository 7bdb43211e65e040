using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Gantry.Core;

/// <summary>
/// Work that is done in passes, one at a time: in the background when one is asked for, and at once for whoever waits for
/// it. What is asked for while a pass goes on is one more pass.
/// </summary>
public sealed class PassLoop : IAsyncDisposable
{
    private readonly Func<CancellationToken, Task> _pass;
    private readonly Action<Exception> _failed;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Channel<bool> _asked =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Task _loop;

    /// <summary>Starts the loop, which waits.</summary>
    /// <param name="pass">One pass in the background.</param>
    /// <param name="failed">Is told why one of these failed; the next goes on.</param>
    public PassLoop(Func<CancellationToken, Task> pass, Action<Exception> failed)
    {
        _pass = pass;
        _failed = failed;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Asks for a pass in the background.</summary>
    public void Request() => _asked.Writer.TryWrite(true);

    /// <summary>Does work when no pass goes on, and keeps others off until it is done.</summary>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Ends it, or the wait.</param>
    public async Task InTurnAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await work(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the loop, and with it the pass that goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _turn.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "a pass that fails is told of; the next request begins another")]
    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _asked.Reader.ReadAsync(_stop.Token);
                await InTurnAsync(_pass, _stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _failed(e);
            }
        }
    }
}
