using Gantry.Core;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;

namespace Gantry.Runtime.Events;

/// <inheritdoc cref="IEventExchange"/>
public sealed class EventExchange(TimeProvider time) : IEventExchange
{
    /// <inheritdoc/>
    public ValueTask PublishAsync(Namespace ns, string topic, TypedBytes payload, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{time}");

    /// <inheritdoc/>
    public ValueTask ForwardAsync(EventEnvelope envelope, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public IAsyncEnumerable<EventEnvelope> Subscribe(IReadOnlyList<string> filters, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
