using Gantry.Core.Namespaces;

namespace Gantry.Core.Events;

/// <summary>An event on its way.</summary>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Namespace">Where it happened.</param>
/// <param name="Topic">What it is about: <c>/</c> and identifiers joined by <c>/</c>, such as <c>/tasks/exit</c>.</param>
/// <param name="Event">The event itself, byte for byte.</param>
public sealed record EventEnvelope(DateTimeOffset Timestamp, Namespace Namespace, string Topic, TypedBytes Event)
{
    /// <summary>Its place among all events of this daemon, from 1 on; 0 before it has one, or where it is not told.</summary>
    public ulong Sequence { get; init; }
}
