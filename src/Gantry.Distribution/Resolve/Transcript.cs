using Microsoft.Extensions.Logging;

namespace Gantry.Distribution.Resolve;

/// <summary>A log in memory, of which lines are taken.</summary>
internal sealed class Transcript : ILogger
{
    private const int MaxLines = 1000;

    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];

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
        lock (_gate)
        {
            if (_lines.Count < MaxLines)
            {
                _lines.Add(formatter(state, exception));
            }
        }
    }

    public IReadOnlyList<string> Take()
    {
        lock (_gate)
        {
            string[] lines = [.. _lines];
            _lines.Clear();
            return lines;
        }
    }
}
