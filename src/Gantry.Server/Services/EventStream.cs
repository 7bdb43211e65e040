using Gantry.Core.Events;
using Gantry.Server.Hosting;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>Events as the answer to a call.</summary>
internal static class EventStream
{
    /// <summary>Sends events until they, the call or the daemon end.</summary>
    /// <param name="context">The call.</param>
    /// <param name="lifetime">The daemon.</param>
    /// <param name="responses">Where they are sent.</param>
    /// <param name="subscribe">Begins them; they have left when this returns, whether one was asked for or not.</param>
    /// <param name="message">An event as a message.</param>
    public static async Task SendEventsAsync<T>(
        this ServerCallContext context,
        DaemonLifetime lifetime,
        IServerStreamWriter<T> responses,
        Func<CancellationToken, IAsyncEnumerable<EventEnvelope>> subscribe,
        Func<EventEnvelope, T> message)
    {
        using CancellationTokenSource ended = lifetime.Link(context.CancellationToken);
        try
        {
            IAsyncEnumerable<EventEnvelope> events = subscribe(ended.Token);

            // A client that waits for the headers knows that nothing is missed from here on.
            await context.WriteResponseHeadersAsync([]);
            await foreach (EventEnvelope envelope in events)
            {
                await responses.WriteAsync(message(envelope), ended.Token);
            }

            ended.Token.ThrowIfCancellationRequested();
        }
        finally
        {
            await ended.CancelAsync();
        }
    }
}
