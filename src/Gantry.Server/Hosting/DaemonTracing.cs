using Gantry.Client.Tracing;
using Gantry.Core.Tracing;
using Gantry.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Hosting;

/// <summary>Sends the daemon's spans, and those of its shims, to a collector.</summary>
internal sealed class DaemonTracing : IAsyncDisposable
{
    private readonly OtlpSender _sender;
    private readonly SpanCollector _spans;

    private DaemonTracing(TraceSettings settings, ILogger logger, TimeProvider time)
    {
        _sender = new OtlpSender(settings);
        _spans = new SpanCollector(
            settings, _sender.SendAsync, failure => ServerLog.SpansLost(logger, failure.Message), time);
    }

    /// <summary>Begins, when the variables of OpenTelemetry ask for it.</summary>
    /// <param name="logger">Where it is told what is wrong.</param>
    /// <param name="time">The clock.</param>
    public static DaemonTracing? Start(ILogger logger, TimeProvider time)
    {
        TraceSettings? settings = TraceSettings.Read(Environment.GetEnvironmentVariable, "gantryd", out string? error);
        if (error is not null)
        {
            ServerLog.TracingRefused(logger, error);
        }

        if (settings is null)
        {
            return null;
        }

        ServerLog.Tracing(logger, settings.Endpoint.ToString());
        return new DaemonTracing(settings, logger, time);
    }

    /// <summary>Sends the spans of a shim on.</summary>
    /// <param name="batch">The spans, as OTLP has them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task SendAsync(byte[] batch, CancellationToken cancellationToken) => _sender.SendAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _spans.DisposeAsync();
        _sender.Dispose();
    }
}
