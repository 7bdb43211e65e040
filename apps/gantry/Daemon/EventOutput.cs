using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Events;

namespace Gantry.Cli.Daemon;

/// <summary>Events on standard output, each as soon as it is there.</summary>
internal static class EventOutput
{
    public static async Task<int> WriteAsync(
        Session session, IAsyncEnumerable<EventEnvelope> events, Action<EventEnvelope> write)
    {
        try
        {
            await foreach (EventEnvelope envelope in events)
            {
                write(envelope);
                await StandardStreams.Out.FlushAsync();
            }
        }
        catch (OperationCanceledException) when (session.Signals.Interrupted)
        {
            // That is how it is meant to end.
        }

        return ExitCodes.Success;
    }
}
