using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gantry.Server.Logging;

/// <summary>The least level that is logged, which may change while the daemon runs.</summary>
public sealed class LogFilters : IOptionsMonitor<LoggerFilterOptions>
{
    private volatile LoggerFilterOptions _options;
    private Action<LoggerFilterOptions, string?>? _listener;

    /// <summary>Begins with a level.</summary>
    /// <param name="level">The level.</param>
    public LogFilters(LogLevel level) => _options = For(level);

    /// <inheritdoc/>
    public LoggerFilterOptions CurrentValue => _options;

    /// <summary>Changes the level.</summary>
    /// <param name="level">The level.</param>
    public void Set(LogLevel level)
    {
        _options = For(level);
        _listener?.Invoke(_options, null);
    }

    /// <inheritdoc/>
    public LoggerFilterOptions Get(string? name) => _options;

    /// <summary>Takes who is told of changes: the one factory of loggers.</summary>
    public IDisposable? OnChange(Action<LoggerFilterOptions, string?> listener)
    {
        _listener = listener;
        return null;
    }

    // What the web server and the gRPC library have to say below a warning is for those who trace.
    private static LoggerFilterOptions For(LogLevel level)
    {
        LoggerFilterOptions options = new() { MinLevel = level };
        if (level > LogLevel.Trace)
        {
            LogLevel quiet = level > LogLevel.Warning ? level : LogLevel.Warning;
            options.Rules.Add(new LoggerFilterRule(null, "Microsoft", quiet, null));
            options.Rules.Add(new LoggerFilterRule(null, "Grpc", quiet, null));
        }

        return options;
    }
}
