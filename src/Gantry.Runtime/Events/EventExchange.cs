using Gantry.Api;
using Gantry.Api.Events;
using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;

namespace Gantry.Runtime.Events;

/// <inheritdoc cref="IEventExchange"/>
/// <remarks>
/// An exit or a deletion that was told already (see <see cref="ExitLedger"/>) is dropped in silence, and so is an event that
/// another process forwards again because it got no answer.
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="log">Where events are kept; null: nowhere.</param>
public sealed class EventExchange(TimeProvider time, IEventLog? log = null) : IEventExchange
{
    private readonly EventHub _hub = new(log, time);
    private readonly RecentEvents _forwarded = new(log);

    /// <summary>What is counted here.</summary>
    public EventCounters Counters => _hub.Counters;

    /// <summary>The exits that went through here.</summary>
    public ExitLedger Exits { get; } = new();

    /// <summary>
    /// Called with each new exit before it goes out, under the lock: it must be quick, and must not publish.
    /// </summary>
    internal Action<Namespace, TaskExit>? ExitSeen { get; set; }

    /// <summary>Called in the same way with each new deletion.</summary>
    internal Action<Namespace, TaskDelete>? DeletionSeen { get; set; }

    /// <inheritdoc/>
    public ValueTask PublishAsync(Namespace ns, string topic, TypedBytes payload, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentNullException.ThrowIfNull(payload);
        Send(new EventEnvelope(time.GetUtcNow(), ns, topic, payload), IsNew);
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

        Send(envelope, IsNewForward);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<EventEnvelope> Subscribe(IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filters);
        return _hub.Subscribe(filters, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<EventEnvelope> Replay(EventReplay replay, CancellationToken cancellationToken) =>
        _hub.Replay(replay, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<KeptRange> KeptAsync(CancellationToken cancellationToken) => _hub.KeptAsync(cancellationToken);

    private void Send(EventEnvelope envelope, Func<EventEnvelope, bool> isNew)
    {
        Identifier.Validate(envelope.Namespace.ToString());
        EventTopic.Validate(envelope.Topic);
        _hub.Send(envelope, isNew);
    }

    /// <remarks>What fails here has not been told: its sender gets the error and tells it again, and then it must be new.</remarks>
    private bool IsNewForward(EventEnvelope envelope)
    {
        if (!_forwarded.TryAdd(envelope))
        {
            return false;
        }

        try
        {
            return IsNew(envelope);
        }
        catch
        {
            _forwarded.Remove(envelope);
            throw;
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

                See(envelope.Namespace, exit, ExitSeen, Exits.Undo);
                return true;
            case EventTopic.TaskDelete when TypeUrl.TryUnpack(envelope.Event, out TaskDelete? deletion):
                if (!Exits.TryEnter(envelope.Namespace, deletion))
                {
                    return false;
                }

                See(envelope.Namespace, deletion, DeletionSeen, Exits.Undo);
                return true;
            default:
                return true;
        }
    }

    private static void See<T>(Namespace ns, T told, Action<Namespace, T>? seen, Action<Namespace, T> undo)
    {
        try
        {
            seen?.Invoke(ns, told);
        }
        catch
        {
            undo(ns, told);
            throw;
        }
    }
}
