using Gantry.Api.Types;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;

namespace Gantry.Api.Mapping;

/// <summary>Events.</summary>
public static class EventMapping
{
    /// <summary>The event as a message.</summary>
    /// <param name="envelope">The event.</param>
    public static Envelope ToMessage(this EventEnvelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        return new Envelope
        {
            Timestamp = envelope.Timestamp.ToMessage(),
            Namespace = envelope.Namespace.ToString(),
            Topic = envelope.Topic,
            Event = envelope.Event.ToMessage(),
        };
    }

    /// <summary>The event as a record. The topic is not checked here.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">
    /// InvalidArgument: it, its time or its payload is absent, or its namespace is no identifier.
    /// </exception>
    public static EventEnvelope ToRecord(this Envelope? message)
    {
        message = Required.Message(message, "envelope");
        return new EventEnvelope(
            Required.Message(message.Timestamp, "envelope timestamp").ToRecord(),
            Namespace.Parse(message.Namespace),
            message.Topic,
            Required.Message(message.Event, "envelope event").ToRecord());
    }
}
