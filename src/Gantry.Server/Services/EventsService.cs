using Gantry.Api.Mapping;
using Gantry.Api.Services.Events;
using Gantry.Api.Types;
using Gantry.Core.Events;
using Gantry.Server.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.events.v1.Events.</summary>
internal sealed class EventsService(IEventExchange exchange, DaemonLifetime lifetime) : Events.EventsBase
{
    /// <summary>Where a subscription begins that is to have kept events first, see <see cref="EventCursor"/>.</summary>
    private const string CursorHeader = "gantry-event-cursor";

    /// <inheritdoc/>
    public override async Task<Empty> Publish(PublishRequest request, ServerCallContext context)
    {
        await exchange.PublishAsync(
            context.Namespace(),
            request.Topic,
            Required.Of(request.Event.ToRecord(), "event"),
            context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override async Task<Empty> Forward(ForwardRequest request, ServerCallContext context)
    {
        EventEnvelope envelope = request.Envelope.ToRecord();
        await exchange.ForwardAsync(envelope, context.CancellationToken);
        return new Empty();
    }

    /// <inheritdoc/>
    public override Task Subscribe(
        SubscribeRequest request,
        IServerStreamWriter<Envelope> responseStream,
        ServerCallContext context) => context.SendEventsAsync(
        lifetime,
        responseStream,
        ended => context.RequestHeaders.GetValue(CursorHeader) is { } cursor
            ? exchange.Replay(new EventReplay(EventCursor.Parse(cursor), request.Filters, Follow: true), ended)
            : exchange.Subscribe(request.Filters, ended),
        static envelope => envelope.ToMessage());
}
