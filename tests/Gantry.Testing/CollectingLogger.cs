using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Gantry.Testing;

/// <summary>Keeps all that is logged.</summary>
public sealed class CollectingLogger : ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>One for each message, with its exception.</summary>
    public IReadOnlyCollection<string> Lines => [.. _lines];

    public string Text => string.Join('\n', _lines);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        _lines.Enqueue(exception is null ? formatter(state, exception) : $"{formatter(state, exception)} {exception}");
    }
}
