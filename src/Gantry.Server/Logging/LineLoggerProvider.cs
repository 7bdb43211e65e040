using Microsoft.Extensions.Logging;

namespace Gantry.Server.Logging;

/// <summary>Writes one line a record, in containerd's formats, or hands it to the journal.</summary>
public sealed class LineLoggerProvider : ILoggerProvider
{
    private readonly Lock _gate = new();
    private readonly Stream _output;
    private readonly LogFormat _format;
    private readonly TimeProvider _time;
    private readonly Journal? _journal;

    /// <summary>Makes a provider.</summary>
    /// <param name="output">Where lines go; not closed here.</param>
    /// <param name="format">How they look.</param>
    /// <param name="time">The clock.</param>
    /// <param name="journal">Who gets records instead, as long as it takes them; null for nobody. Disposed here.</param>
    public LineLoggerProvider(Stream output, LogFormat format, TimeProvider time, Journal? journal = null)
    {
        _journal = journal;
        _output = output;
        _format = format;
        _time = time;
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new LineLogger(this);

    /// <inheritdoc/>
    public void Dispose() => _journal?.Dispose();

    private void Write(LogLevel level, string message, IReadOnlyList<KeyValuePair<string, object?>> fields, Exception? exception)
    {
        if (_journal?.TrySend(level, message, fields, exception) is true)
        {
            return;
        }

        byte[] line = LogLine.Format(_format, _time.GetUtcNow(), level, message, fields, exception);

        // One line at a time.
        lock (_gate)
        {
            _output.Write(line);
            _output.Flush();
        }
    }

    private sealed class LineLogger(LineLoggerProvider provider) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is not LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            provider.Write(
                logLevel,
                formatter(state, exception),
                state as IReadOnlyList<KeyValuePair<string, object?>> ?? [],
                exception);
    }
}
