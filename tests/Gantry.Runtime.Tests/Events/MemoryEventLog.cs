using Gantry.Core.Errors;
using Gantry.Core.Events;

namespace Gantry.Runtime.Tests.Events;

/// <summary>Keeps all events in memory.</summary>
internal sealed class MemoryEventLog : IEventLog
{
    private readonly List<EventEnvelope> _events = [];

    /// <summary>Whether nothing can be read.</summary>
    public bool IsBroken { get; set; }

    public ulong Last
    {
        get
        {
            lock (_events)
            {
                return (ulong)_events.Count;
            }
        }
    }

    public ulong Oldest => 1;

    public EventEnvelope Append(EventEnvelope envelope)
    {
        lock (_events)
        {
            _events.Add(envelope with { Sequence = (ulong)_events.Count + 1 });
            return _events[^1];
        }
    }

    public ulong Resolve(EventCursor cursor) => cursor.After > Last
        ? throw new GantryException(ErrorKind.OutOfRange, "not yet")
        : cursor.After ?? 0;

    public IEnumerable<EventEnvelope> Read(ulong after, ulong through)
    {
        if (IsBroken)
        {
            throw new IOException("it is broken");
        }

        for (ulong number = after + 1; number <= through; number++)
        {
            EventEnvelope next;
            lock (_events)
            {
                next = _events[(int)number - 1];
            }

            yield return next;
        }
    }
}
