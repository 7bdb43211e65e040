using System.Diagnostics;
using Gantry.Client.Tracing;
using Gantry.Core.Tracing;

namespace Gantry.Cli.CommandLine;

/// <summary>The span of a command, when the variables of OpenTelemetry ask for it; the calls that it makes are within.</summary>
internal sealed class CommandTrace : IAsyncDisposable
{
    private readonly OtlpSender _sender;
    private readonly SpanCollector _spans;
    private readonly Activity? _span;

    private CommandTrace(TraceSettings settings, string command)
    {
        _sender = new OtlpSender(settings);

        // Who has asked for a command is not to read of its traces; a command never fails for them.
        _spans = new SpanCollector(settings, _sender.SendAsync, static _ => { }, TimeProvider.System);
        _span = Traces.Source.StartActivity(command);
    }

    /// <summary>Begins.</summary>
    /// <param name="command">What the command is called.</param>
    /// <returns>Null when nothing is traced.</returns>
    public static CommandTrace? Start(string command) =>
        TraceSettings.Read(Environment.GetEnvironmentVariable, "gantry", out _) is { } settings
            ? new CommandTrace(settings, command)
            : null;

    /// <summary>Notes how the command ended.</summary>
    /// <param name="exitCode">Its exit code.</param>
    public void End(int exitCode)
    {
        _span?.SetTag("process.exit.code", exitCode);
        _span?.Stop();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _span?.Dispose();
        await _spans.DisposeAsync();
        _sender.Dispose();
    }
}
