using System.Runtime.CompilerServices;
using Gantry.Api.KeptEvents;
using Gantry.Api.Mapping;
using Gantry.Client.Internal;
using Gantry.Core.Events;

namespace Gantry.Client.Events;

/// <summary>What a Gantry daemon keeps.</summary>
internal sealed class RemoteReplay(Connection connection, Log log) : IEventReplay
{
    private const string Service = "/gantry.events.v1.EventLog/";

    public IAsyncEnumerable<EventEnvelope> Replay(EventReplay replay, CancellationToken cancellationToken)
    {
        // The call begins here, not when the first event is asked for.
        RpcReader reader = connection.Read(
            Service + "Replay",
            new ReplayRequest
            {
                Cursor = replay.From.ToString(),
                Filters = { replay.Filters },
                Follow = replay.Follow,
                Until = replay.Until?.ToMessage(),
                Log = log,
            },
            RpcHeaders.None,
            cancellationToken);
        return ReadAsync(reader, cancellationToken);
    }

    public async ValueTask<KeptRange> KeptAsync(CancellationToken cancellationToken)
    {
        StatusResponse response = new();
        await connection.CallAsync(Service + "Status", new StatusRequest { Log = log }, response, RpcHeaders.None, cancellationToken)
            .ConfigureAwait(false);
        return new KeptRange(response.Oldest, response.Last);
    }

    private static async IAsyncEnumerable<EventEnvelope> ReadAsync(
        RpcReader reader,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using (reader)
        {
            KeptEvent message = new();
            while (await reader.ReadAsync(message, cancellationToken).ConfigureAwait(false))
            {
                yield return message.ToRecord();
                message = new KeptEvent();
            }
        }
    }
}
