using Gantry.Core.Errors;

namespace Gantry.Core.Events;

/// <summary>What was kept, told again.</summary>
public interface IEventReplay
{
    /// <summary>
    /// What was kept since a cursor, and then, if asked for, what happens: each event once, in order, with its number. It
    /// ends with the token, at the given time, or where the kept ones end. Nothing is missed between the two.
    /// </summary>
    /// <param name="replay">What is wanted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="GantryException">
    /// InvalidArgument: a filter can't be parsed. OutOfRange: the cursor's events are not kept any more; the text says which
    /// is the oldest. NotImplemented: none are kept. ResourceExhausted: too slow; the text says where to go on.
    /// </exception>
#pragma warning disable VSTHRD200 // The name of the RPC; nothing is awaited before the first item.
    IAsyncEnumerable<EventEnvelope> Replay(EventReplay replay, CancellationToken cancellationToken);
#pragma warning restore VSTHRD200

    /// <summary>What is kept now.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="GantryException">NotImplemented: none are kept.</exception>
    ValueTask<KeptRange> KeptAsync(CancellationToken cancellationToken);
}
