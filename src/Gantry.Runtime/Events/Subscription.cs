using System.Globalization;
using System.Threading.Channels;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Filters;

namespace Gantry.Runtime.Events;

/// <summary>One who has asked for events, and what waits for it.</summary>
internal sealed class Subscription : IAsyncEnumerable<EventEnvelope>
{
    private readonly EventHub _hub;
    private readonly Filter? _filter;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _registration;
    private readonly Channel<EventEnvelope> _queue = Channel.CreateBounded<EventEnvelope>(
        new BoundedChannelOptions(EventHub.QueueLimit) { FullMode = BoundedChannelFullMode.Wait });

    private ulong _seen;

    public Subscription(EventHub hub, Filter filter, CancellationToken cancellationToken)
    {
        _hub = hub;
        _filter = filter.IsAlways ? null : filter;
        _cancellationToken = cancellationToken;
        // Who never asks for the first item, but ends its token, must not stay in the list.
        _registration = cancellationToken.UnsafeRegister(static state => ((Subscription)state!).Leave(), this);
    }

    /// <summary>Takes an event in, in the order in which this is called.</summary>
    /// <returns>False when the subscriber is too far behind; it is told, and gets no more.</returns>
    public bool TryOffer(EventEnvelope envelope, EventFields fields)
    {
        if (_filter is not null && !_filter.Matches(fields))
        {
            _seen = envelope.Sequence;
            return true;
        }

        if (_queue.Writer.TryWrite(envelope))
        {
            _seen = envelope.Sequence;
            _hub.Counters.Queue();
            return true;
        }

        string next = _seen > 0 ? $": it can go on after event {_seen.ToString(CultureInfo.InvariantCulture)}" : "";
        _queue.Writer.TryComplete(new GantryException(
            ErrorKind.ResourceExhausted,
            $"subscriber is more than {EventHub.QueueLimit} events behind{next}"));
        return false;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerator<EventEnvelope> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(_cancellationToken, cancellationToken);
        try
        {
            await foreach (EventEnvelope envelope in _queue.Reader.ReadAllAsync(either.Token))
            {
                _hub.Counters.Deliver();
                yield return envelope;
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Gets no more events; those that wait are not taken any more. It may be called again, from any thread.</summary>
    public void Leave()
    {
        _hub.Remove(this);
        _queue.Writer.TryComplete(new OperationCanceledException(_cancellationToken));
        int waiting = 0;
        while (_queue.Reader.TryRead(out _))
        {
            waiting++;
        }

        _hub.Counters.Abandon(waiting);
        _registration.Unregister();
    }
}
