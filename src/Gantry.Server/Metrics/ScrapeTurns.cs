namespace Gantry.Server.Metrics;

/// <summary>Scrapes that come at the same time take turns; one that takes too long, since its reader does, is cut off.</summary>
/// <param name="limit">How long a turn may take.</param>
/// <param name="time">The clock.</param>
internal sealed class ScrapeTurns(TimeSpan limit, TimeProvider time) : IAsyncDisposable
{
    // Held by the one whose turn it is; after the end by nobody.
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Waits for a turn, and takes it.</summary>
    /// <param name="work">What is done then; it is cancelled when the turn is over.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationCanceledException">It was given up, or it took too long.</exception>
    public async Task TakeAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            using CancellationTokenSource over = new(limit, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
            await work(either.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes a turn if it is nobody's.</summary>
    /// <param name="work">What is done then.</param>
    public void TryTake(Action work)
    {
        if (_turn.Wait(0, CancellationToken.None))
        {
            try
            {
                work();
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>Waits until the turn that goes on is over. There is none after it.</summary>
    public async ValueTask DisposeAsync() => await _turn.WaitAsync();
}
