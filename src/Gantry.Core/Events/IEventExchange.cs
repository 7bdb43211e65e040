using Gantry.Core.Errors;
using Gantry.Core.Namespaces;

namespace Gantry.Core.Events;

/// <summary>Where events come together and go out to those who asked for them, in one order for all.</summary>
public interface IEventExchange : IEventReplay
{
    /// <summary>Publishes an event of this daemon; it is stamped here.</summary>
    /// <exception cref="GantryException">InvalidArgument: the topic is malformed.</exception>
    ValueTask PublishAsync(
        Namespace ns,
        string topic,
        TypedBytes payload,
        CancellationToken cancellationToken);

    /// <summary>Publishes an event that another process has stamped.</summary>
    /// <exception cref="GantryException">InvalidArgument: topic, namespace or stamp is malformed.</exception>
    ValueTask ForwardAsync(EventEnvelope envelope, CancellationToken cancellationToken);

    /// <summary>
    /// All events from now on that match any of the filters (none: all, of every namespace). The subscription exists
    /// when this returns, before the first item is asked for. It ends with the token. A subscriber that falls too far
    /// behind gets a ResourceExhausted error.
    /// </summary>
    /// <exception cref="GantryException">InvalidArgument: a filter can't be parsed.</exception>
#pragma warning disable VSTHRD200 // The name of the RPC; nothing is awaited before the first item.
    IAsyncEnumerable<EventEnvelope> Subscribe(IReadOnlyList<string> filters, CancellationToken cancellationToken);
#pragma warning restore VSTHRD200
}
