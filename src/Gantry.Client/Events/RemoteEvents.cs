using System.Runtime.CompilerServices;
using Gantry.Api.Mapping;
using Gantry.Api.Services.Events;
using Gantry.Api.Types;
using Gantry.Client.Internal;
using Gantry.Core;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Grpc.Core;

namespace Gantry.Client.Events;

/// <summary>The events of a daemon.</summary>
internal sealed class RemoteEvents(Connection connection) : IEventExchange
{
    private readonly Api.Services.Events.Events.EventsClient _api = new(connection.Invoker);

    public async ValueTask PublishAsync(
        Namespace ns,
        string topic,
        TypedBytes payload,
        CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.PublishAsync(
            new PublishRequest { Topic = topic, Event = payload.ToMessage() },
            Connection.Headers(ns, leaseId: null),
            cancellationToken: cancellationToken)).ConfigureAwait(false);

    public async ValueTask ForwardAsync(EventEnvelope envelope, CancellationToken cancellationToken) =>
        await connection.UnaryAsync(_api.ForwardAsync(
            new ForwardRequest { Envelope = envelope.ToMessage() },
            Connection.Headers(envelope.Namespace, leaseId: null),
            cancellationToken: cancellationToken)).ConfigureAwait(false);

    public IAsyncEnumerable<EventEnvelope> Subscribe(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        // The call begins here, not when the first event is asked for.
        AsyncServerStreamingCall<Envelope> call = _api.Subscribe(
            new SubscribeRequest { Filters = { filters } },
            cancellationToken: cancellationToken);
        return ReadAsync(call, cancellationToken);
    }

    private async IAsyncEnumerable<EventEnvelope> ReadAsync(
        AsyncServerStreamingCall<Envelope> call,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using (call)
        {
            while (await connection.NextAsync(call.ResponseStream, cancellationToken).ConfigureAwait(false))
            {
                yield return call.ResponseStream.Current.ToRecord();
            }
        }
    }
}
