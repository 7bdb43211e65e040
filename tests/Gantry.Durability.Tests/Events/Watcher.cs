using Gantry.Client;
using Gantry.Core.Errors;
using Gantry.Core.Events;

namespace Gantry.Durability.Tests.Events;

/// <summary>
/// Follows the events of a daemon that is killed now and then, drops its subscription at random, and goes on after the last
/// event that it saw.
/// </summary>
internal sealed class Watcher(string socket, int seed, string filter)
{
    private readonly Random _random = new(seed);
    private readonly List<ulong> _seen = [];

    /// <summary>The numbers that came, in their order.</summary>
    public IReadOnlyList<ulong> Seen => _seen;

    /// <summary>How often it went on from where it was.</summary>
    public int Resumed { get; private set; }

    /// <summary>Follows until an event with this topic comes.</summary>
    public async Task FollowAsync(string lastTopic, CancellationToken cancellationToken)
    {
        while (!await FollowOnceAsync(lastTopic, cancellationToken))
        {
            Resumed++;
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(100)), cancellationToken);
        }
    }

    private async Task<bool> FollowOnceAsync(string lastTopic, CancellationToken cancellationToken)
    {
        EventCursor cursor = _seen.Count == 0 ? EventCursor.Earliest : new EventCursor(_seen[^1], null);
        int patience = _random.Next(1, 20_000);
        try
        {
            await using GantryClient client = new(new GantryClientOptions { SocketPath = socket });
            await foreach (EventEnvelope envelope in client.Events.Replay(
                new EventReplay(cursor, [filter], Follow: true), cancellationToken))
            {
                _seen.Add(envelope.Sequence);
                if (envelope.Topic == lastTopic)
                {
                    return true;
                }

                if (--patience == 0)
                {
                    return false;
                }
            }
        }
        catch (GantryException failure) when (
            failure.Kind is ErrorKind.Unavailable or ErrorKind.ResourceExhausted or ErrorKind.Canceled or ErrorKind.Unknown)
        {
            // The daemon was killed, or this fell behind.
        }

        return false;
    }
}
