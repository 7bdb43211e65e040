using System.Runtime.CompilerServices;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Filters;

namespace Gantry.Runtime.Events;

/// <summary>Keeps events and hands them out, in one order for all.</summary>
/// <param name="log">Where they are kept; null: nowhere.</param>
/// <param name="time">The clock.</param>
public sealed class EventHub(IEventLog? log, TimeProvider time) : IEventReplay
{
    /// <summary>How many events may wait for one subscriber.</summary>
    public const int QueueLimit = 16 * 1024;

    /// <summary>How near to the last event a replay comes before it subscribes: what is between waits in the queue.</summary>
    private const ulong Near = QueueLimit / 4;

    // What a timer can wait.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(49);

    // Guards the list and the order: an event is kept and goes to all its subscribers before the next is.
    private readonly Lock _gate = new();
    private readonly List<Subscription> _subscriptions = [];

    /// <summary>What is counted here.</summary>
    public EventCounters Counters { get; } = new();

    /// <summary>Keeps an event and hands it out.</summary>
    /// <param name="envelope">The event.</param>
    /// <param name="isNew">Asked first, in the order of events; one that is not new is dropped. Null: all are.</param>
    public void Send(EventEnvelope envelope, Func<EventEnvelope, bool>? isNew = null)
    {
        EventFields fields = new(envelope);
        lock (_gate)
        {
            if (isNew is not null && !isNew(envelope))
            {
                return;
            }

            EventEnvelope numbered = log?.Append(envelope) ?? envelope;
            Counters.Publish();
            int left = _subscriptions.RemoveAll(subscription => !subscription.TryOffer(numbered, fields));
            for (int i = 0; i < left; i++)
            {
                // What waits for it may still be taken.
                Counters.Drop();
                Counters.Leave();
            }
        }
    }

    /// <summary>All events from now on that match a filter. The subscription exists when this returns.</summary>
    /// <param name="filters">Any of them is enough; none: all events.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="GantryException">InvalidArgument: a filter can't be parsed.</exception>
    public IAsyncEnumerable<EventEnvelope> Subscribe(IReadOnlyList<string> filters, CancellationToken cancellationToken) =>
        Join(Filter.Parse(filters), cancellationToken).Live;

    /// <inheritdoc/>
    public IAsyncEnumerable<EventEnvelope> Replay(EventReplay replay, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(replay);
        Filter filter = Filter.Parse(replay.Filters);
        IEventLog kept = Kept();
        ulong after = kept.Resolve(replay.From);
        bool follow = replay.Follow && !(replay.Until <= time.GetUtcNow());
        IAsyncEnumerable<EventEnvelope> events = ReplayAsync(kept, after, filter, follow, cancellationToken);
        return replay.Until is { } until ? TakeUntilAsync(events, until, cancellationToken) : events;
    }

    /// <inheritdoc/>
    public ValueTask<KeptRange> KeptAsync(CancellationToken cancellationToken)
    {
        IEventLog kept = Kept();
        return ValueTask.FromResult(new KeptRange(kept.Oldest, kept.Last));
    }

    internal void Remove(Subscription subscription)
    {
        lock (_gate)
        {
            if (_subscriptions.Remove(subscription))
            {
                Counters.Leave();
            }
        }
    }

    private IEventLog Kept() => log ?? throw new GantryException(ErrorKind.NotImplemented, "this daemon does not keep them");

    private static bool Matches(Filter filter, EventEnvelope envelope) =>
        filter.IsAlways || filter.Matches(new EventFields(envelope));

    /// <summary>A subscription, and the number of the last event that is not for it.</summary>
    private (Subscription Live, ulong Last) Join(Filter filter, CancellationToken cancellationToken)
    {
        Subscription subscription = new(this, filter, cancellationToken);
        lock (_gate)
        {
            // The token's registration may have run already, on another thread or in the constructor.
            if (!cancellationToken.IsCancellationRequested)
            {
                _subscriptions.Add(subscription);
                Counters.Join();
            }

            return (subscription, log?.Last ?? 0);
        }
    }

    private async IAsyncEnumerable<EventEnvelope> ReplayAsync(
        IEventLog kept,
        ulong after,
        Filter filter,
        bool follow,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ulong last = kept.Last;
        while (last > after && (!follow || last - after > Near))
        {
            foreach (EventEnvelope envelope in kept.Read(after, last))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Matches(filter, envelope))
                {
                    yield return envelope;
                }
            }

            after = last;
            last = follow ? kept.Last : last;
        }

        if (!follow)
        {
            yield break;
        }

        (Subscription live, last) = Join(filter, cancellationToken);
        try
        {
            foreach (EventEnvelope envelope in kept.Read(after, last))
            {
                if (Matches(filter, envelope))
                {
                    yield return envelope;
                }
            }

            await foreach (EventEnvelope envelope in live.WithCancellation(cancellationToken))
            {
                yield return envelope;
            }
        }
        finally
        {
            // It may not have been asked for its first item.
            live.Leave();
        }
    }

    /// <summary>Leaves out what is later than a time, and ends when that has come.</summary>
    private async IAsyncEnumerable<EventEnvelope> TakeUntilAsync(
        IAsyncEnumerable<EventEnvelope> events,
        DateTimeOffset until,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TimeSpan rest = until - time.GetUtcNow();
        using CancellationTokenSource end = new(
            rest > TimeSpan.Zero && rest < LongestWait ? rest : Timeout.InfiniteTimeSpan, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, end.Token);
        await using IAsyncEnumerator<EventEnvelope> all = events.GetAsyncEnumerator(either.Token);
        while (await MoveNextAsync(all, end.Token, cancellationToken))
        {
            if (all.Current.Timestamp <= until)
            {
                yield return all.Current;
            }
        }
    }

    private static async Task<bool> MoveNextAsync(
        IAsyncEnumerator<EventEnvelope> events, CancellationToken end, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
