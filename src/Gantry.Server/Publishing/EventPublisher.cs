using System.Diagnostics.CodeAnalysis;
using Gantry.Api;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Gantry.Server.Logging;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Publishing;

/// <summary>
/// Tells of a change that has been made. The change stands whatever becomes of the event, so neither a client that has
/// gone nor a failure here makes the call fail.
/// </summary>
public sealed class EventPublisher(IEventExchange exchange, ILogger<EventPublisher> logger)
{
    /// <summary>Publishes an event.</summary>
    /// <param name="ns">Where it happened.</param>
    /// <param name="topic">What it is about.</param>
    /// <param name="message">One of containerd's event messages.</param>
    [SuppressMessage("Design", "CA1031", Justification = "the change has been made; the failure is logged")]
    public async ValueTask PublishAsync(Namespace ns, string topic, IMessage message)
    {
        try
        {
            await exchange.PublishAsync(ns, topic, TypeUrl.Pack(message), CancellationToken.None);
        }
        catch (Exception exception)
        {
            ServerLog.EventLost(logger, topic, exception);
        }
    }
}
