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
        return reader.ReadEventsAsync<KeptEvent>(static message => message.ToRecord(), cancellationToken);
    }

    public async ValueTask<KeptRange> KeptAsync(CancellationToken cancellationToken)
    {
        StatusResponse response = new();
        await connection.CallAsync(Service + "Status", new StatusRequest { Log = log }, response, RpcHeaders.None, cancellationToken)
            .ConfigureAwait(false);
        return new KeptRange(response.Oldest, response.Last);
    }
}
