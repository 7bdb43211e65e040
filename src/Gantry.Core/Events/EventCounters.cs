namespace Gantry.Core.Events;

/// <summary>What is counted of events. The exchange counts; whoever tells of the daemon reads.</summary>
public sealed class EventCounters
{
    private long _published;
    private long _queued;
    private long _delivered;
    private long _abandoned;
    private long _dropped;
    private long _subscribers;

    /// <summary>Events that were published.</summary>
    public long Published => Volatile.Read(ref _published);

    /// <summary>Events that subscribers have taken, each subscriber counted.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>Events that subscribers did not get since they had fallen too far behind.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Events that wait for subscribers to take them.</summary>
    public long Waiting => Math.Max(
        0, Volatile.Read(ref _queued) - Volatile.Read(ref _delivered) - Volatile.Read(ref _abandoned));

    /// <summary>The subscribers that there are.</summary>
    public long Subscribers => Volatile.Read(ref _subscribers);

    /// <summary>An event was published.</summary>
    public void Publish() => Interlocked.Increment(ref _published);

    /// <summary>An event waits for a subscriber.</summary>
    public void Queue() => Interlocked.Increment(ref _queued);

    /// <summary>A subscriber has taken an event.</summary>
    public void Deliver() => Interlocked.Increment(ref _delivered);

    /// <summary>A subscriber has fallen too far behind for an event.</summary>
    public void Drop() => Interlocked.Increment(ref _dropped);

    /// <summary>There is one more subscriber.</summary>
    public void Join() => Interlocked.Increment(ref _subscribers);

    /// <summary>A subscriber gets no more.</summary>
    public void Leave() => Interlocked.Decrement(ref _subscribers);

    /// <summary>Nobody takes any more what waited for a subscriber.</summary>
    /// <param name="waiting">How many events that is.</param>
    public void Abandon(long waiting) => Interlocked.Add(ref _abandoned, waiting);
}
