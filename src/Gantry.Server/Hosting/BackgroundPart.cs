using System.Diagnostics.CodeAnalysis;
using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Hosting;

/// <summary>Work that goes on beside the calls of clients, until its owner ends it. Why it ended is logged.</summary>
internal sealed class BackgroundPart : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _task;

    private BackgroundPart(string name, Func<CancellationToken, Task> run, ILogger logger)
    {
        _task = RunAsync(name, run, logger);
    }

    /// <summary>Begins the work.</summary>
    /// <param name="name">What to call it in the log.</param>
    /// <param name="run">The work; it ends with the token.</param>
    /// <param name="logger">Where its end is told.</param>
    public static BackgroundPart Start(string name, Func<CancellationToken, Task> run, ILogger logger) =>
        new(name, run, logger);

    /// <summary>Ends the work and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _task;
        _stop.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "the boundary of a part: it is logged, and the others go on")]
    private async Task RunAsync(string name, Func<CancellationToken, Task> run, ILogger logger)
    {
        try
        {
            await run(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Its owner ended it.
        }
        catch (Exception exception)
        {
            ServerLog.PartEnded(logger, name, exception);
        }
    }
}
