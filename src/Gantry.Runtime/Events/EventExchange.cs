using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Filters;
using Gantry.Core.Namespaces;

namespace Gantry.Runtime.Events;

/// <inheritdoc cref="IEventExchange"/>
/// <remarks>An exit or a deletion that was told already (see <see cref="ExitLedger"/>) is dropped in silence.</remarks>
public sealed class EventExchange(TimeProvider time) : IEventExchange
{
    /// <summary>How many events may wait for one subscriber.</summary>
    public const int QueueLimit = 16 * 1024;

    // Guards the list, and makes one order for all: an event goes to all its subscribers before the next does.
    private readonly Lock _gate = new();
    private readonly List<Subscription> _subscriptions = [];

    /// <summary>The exits that went through here.</summary>
    public ExitLedger Exits { get; } = new();

    /// <summary>
    /// Called with each new exit before it goes out, under the lock: it must be quick, and must not publish.
    /// </summary>
    internal Action<Namespace, TaskExit>? ExitSeen { get; set; }

    /// <inheritdoc/>
    public ValueTask PublishAsync(Namespace ns, string topic, TypedBytes payload, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentNullException.ThrowIfNull(payload);
        Send(new EventEnvelope(time.GetUtcNow(), ns, topic, payload));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ForwardAsync(EventEnvelope envelope, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentNullException.ThrowIfNull(envelope);
        if (envelope.Timestamp == default)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "timestamp must be set on forwarded event");
        }

        Send(envelope);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<EventEnvelope> Subscribe(IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filters);
        Filter filter = filters.Count == 0 ? Filter.Always : Filter.Parse(filters);
        Subscription subscription = new(this, filter, cancellationToken);
        lock (_gate)
        {
            // The token's registration may have run already, on another thread or in the constructor.
            if (!cancellationToken.IsCancellationRequested)
            {
                _subscriptions.Add(subscription);
            }
        }

        return subscription;
    }

    internal void Remove(Subscription subscription)
    {
        lock (_gate)
        {
            _subscriptions.Remove(subscription);
        }
    }

    private void Send(EventEnvelope envelope)
    {
        Identifier.Validate(envelope.Namespace.ToString());
        EventTopic.Validate(envelope.Topic);
        EventFields fields = new(envelope);
        lock (_gate)
        {
            if (IsNew(envelope))
            {
                _subscriptions.RemoveAll(subscription => !subscription.TryOffer(envelope, fields));
            }
        }
    }

    private bool IsNew(EventEnvelope envelope)
    {
        switch (envelope.Topic)
        {
            case EventTopic.TaskExit when TypeUrl.TryUnpack(envelope.Event, out TaskExit? exit):
                if (!Exits.TryEnter(envelope.Namespace, exit))
                {
                    return false;
                }

                ExitSeen?.Invoke(envelope.Namespace, exit);
                return true;
            case EventTopic.TaskDelete when TypeUrl.TryUnpack(envelope.Event, out TaskDelete? deletion):
                return Exits.TryEnter(envelope.Namespace, deletion);
            default:
                return true;
        }
    }
}
