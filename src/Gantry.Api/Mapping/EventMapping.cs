using Gantry.Api.KeptEvents;
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

    /// <summary>A kept event as a message.</summary>
    /// <param name="envelope">The event, with its number.</param>
    public static KeptEvent ToKeptMessage(this EventEnvelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        return new KeptEvent { Sequence = envelope.Sequence, Envelope = envelope.ToMessage() };
    }

    /// <summary>A kept event as a record. One of no namespace has the default value there.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: a part of it is absent.</exception>
    public static EventEnvelope ToRecord(this KeptEvent message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Envelope envelope = Required.Message(message.Envelope, "envelope");
        return new EventEnvelope(
            Required.Message(envelope.Timestamp, "envelope timestamp").ToRecord(),
            envelope.Namespace.Length == 0 ? default : Namespace.Parse(envelope.Namespace),
            envelope.Topic,
            Required.Message(envelope.Event, "envelope event").ToRecord())
        {
            Sequence = message.Sequence,
        };
    }
}
