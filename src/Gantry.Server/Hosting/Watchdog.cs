using Gantry.Client;
using Gantry.Core.Errors;
using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Hosting;

/// <summary>
/// Tells the service manager that the daemon lives, as long as it does: before each sign it asks itself over its own socket, as
/// a client would, on a connection made for the purpose. The question does not touch the disk: a daemon that waits for one
/// would wait again after a restart.
/// </summary>
public sealed class Watchdog : IAsyncDisposable
{
    // Two questions may go wrong before the manager loses its patience.
    private const int QuestionsInPeriod = 3;

    private readonly ServiceManager _manager;
    private readonly string _address;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly BackgroundPart _part;

    private Watchdog(ServiceManager manager, TimeSpan period, string address, TimeProvider time, ILogger logger)
    {
        _manager = manager;
        _address = address;
        _interval = period / QuestionsInPeriod;
        _time = time;
        _logger = logger;
        _part = BackgroundPart.Start("watchdog", RunAsync, logger);
    }

    /// <summary>Begins, if the service manager asks for it.</summary>
    /// <param name="manager">Who is told.</param>
    /// <param name="address">The daemon's socket.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it is told that the daemon did not answer.</param>
    /// <returns>What ends it; null when there is nothing to do.</returns>
    public static Watchdog? Start(ServiceManager manager, string address, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(manager);
        return manager.WatchdogPeriod is { } period ? new Watchdog(manager, period, address, time, logger) : null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _part.DisposeAsync();

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(_interval, _time);
        do
        {
            if (await AnswersAsync(cancellationToken))
            {
                _manager.Alive();
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_interval);
        await using GantryClient client = new(new GantryClientOptions { SocketPath = _address, ConnectTimeout = _interval });
        try
        {
            return await client.IsServingAsync(limit.Token);
        }
        catch (Exception exception) when (exception is GantryException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            ServerLog.DoesNotAnswer(_logger, _address, exception.Message);
            return false;
        }
    }
}
