using Gantry.Api.Services.EventsTtrpc;
using Gantry.Api.Types;
using Gantry.Ttrpc;
using Grpc.Core;

namespace Gantry.Shim.Events;

/// <summary>Sends events over the daemon's ttrpc socket. The connection is made when there is something to send.</summary>
internal sealed class TtrpcEventSink(string socketPath) : IEventSink
{
    private const string NamespaceHeader = "containerd-namespace-ttrpc";

    private TtrpcClient? _client;

    public async Task DeliverAsync(Envelope envelope, CancellationToken cancellationToken)
    {
        if (_client is { Closed.IsCompleted: true })
        {
            await DisposeAsync();
        }

        _client ??= await TtrpcClient.ConnectAsync(socketPath, cancellationToken);
        Gantry.Api.Services.EventsTtrpc.Events.EventsClient events = new(_client.CallInvoker);
        try
        {
            await events.ForwardAsync(
                new ForwardRequest { Envelope = envelope },
                new Metadata { { NamespaceHeader, envelope.Namespace } },
                deadline: null,
                cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.InvalidArgument or StatusCode.Unimplemented)
        {
            throw new EventRefusedException(e.Status.Detail, e);
        }
        catch (RpcException) when (_client.Closed.IsCompleted)
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        TtrpcClient? client = Interlocked.Exchange(ref _client, null);
        if (client is not null)
        {
            await client.DisposeAsync();
        }
    }
}
