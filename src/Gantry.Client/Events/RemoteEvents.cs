using Gantry.Api.KeptEvents;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Events;
using Gantry.Api.Types;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Gantry.Client.Events;

/// <summary>The events of a daemon.</summary>
internal sealed class RemoteEvents(Connection connection) : IEventExchange
{
    private readonly RemoteReplay _kept = new(connection, Log.Events);

    public async ValueTask PublishAsync(
        Namespace ns,
        string topic,
        TypedBytes payload,
        CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.events.v1.Events/Publish",
            new PublishRequest { Topic = topic, Event = payload.ToMessage() },
            new Empty(),
            RpcHeaders.Of(ns),
            cancellationToken).ConfigureAwait(false);

    public async ValueTask ForwardAsync(EventEnvelope envelope, CancellationToken cancellationToken) =>
        await connection.CallAsync(
            "/containerd.services.events.v1.Events/Forward",
            new ForwardRequest { Envelope = envelope.ToMessage() },
            new Empty(),
            RpcHeaders.Of(envelope.Namespace),
            cancellationToken).ConfigureAwait(false);

    public IAsyncEnumerable<EventEnvelope> Subscribe(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        // The call begins here, not when the first event is asked for.
        RpcReader reader = connection.Read(
            "/containerd.services.events.v1.Events/Subscribe",
            new SubscribeRequest { Filters = { filters } },
            RpcHeaders.None,
            cancellationToken);
        return reader.ReadEventsAsync<Envelope>(static message => message.ToRecord(), cancellationToken);
    }

    public IAsyncEnumerable<EventEnvelope> Replay(EventReplay replay, CancellationToken cancellationToken) =>
        _kept.Replay(replay, cancellationToken);

    public ValueTask<KeptRange> KeptAsync(CancellationToken cancellationToken) => _kept.KeptAsync(cancellationToken);
}
