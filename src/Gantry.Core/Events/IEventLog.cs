using Gantry.Core.Errors;

namespace Gantry.Core.Events;

/// <summary>
/// Where events are kept, within bounds, in one order. Numbers rise; they skip ahead when the machine has restarted, since
/// what was told last may not have reached the disk.
/// </summary>
public interface IEventLog
{
    /// <summary>The number of the last event; 0 before the first.</summary>
    ulong Last { get; }

    /// <summary>The number of the first event that is kept; one more than <see cref="Last"/> when none is.</summary>
    ulong Oldest { get; }

    /// <summary>
    /// Keeps an event. It outlives the daemon when this returns, and the machine about a second later. One that cannot be
    /// kept, because the disk is full, is numbered all the same.
    /// </summary>
    /// <param name="envelope">The event.</param>
    /// <returns>The event, with its number. The caller calls one at a time.</returns>
    EventEnvelope Append(EventEnvelope envelope);

    /// <summary>The number after which a cursor begins.</summary>
    /// <param name="cursor">The cursor.</param>
    /// <exception cref="GantryException">OutOfRange: what it asks for is not kept any more, or has not been yet.</exception>
    ulong Resolve(EventCursor cursor);

    /// <summary>What is kept, in order.</summary>
    /// <param name="after">Only what has a greater number.</param>
    /// <param name="through">Only what has no greater number.</param>
    /// <exception cref="GantryException">OutOfRange: the bounds of the log have overtaken the reader.</exception>
    IEnumerable<EventEnvelope> Read(ulong after, ulong through);
}
