using Gantry.Api.Mapping;
using Gantry.Api.Services.EventsTtrpc;
using Gantry.Core.Events;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Services;

/// <summary>containerd.services.events.ttrpc.v1.Events: where shims send their events.</summary>
internal sealed class EventsTtrpcService(IEventExchange exchange) : Events.EventsBase
{
    /// <inheritdoc/>
    public override async Task<Empty> Forward(ForwardRequest request, ServerCallContext context)
    {
        EventEnvelope envelope = request.Envelope.ToRecord();
        await exchange.ForwardAsync(envelope, context.CancellationToken);
        return new Empty();
    }
}
