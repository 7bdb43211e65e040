using Gantry.Api;
using Gantry.Api.Services.Streaming;
using Gantry.Client.Internal;
using Gantry.Core.Errors;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Client.Transfers;

/// <summary>A stream of messages to and from the daemon, under a name that a call hands on.</summary>
internal sealed class TransferStream : IDisposable
{
    private readonly RpcDuplex _call;
    private readonly Task _named;

    private TransferStream(RpcDuplex call, string id)
    {
        _call = call;
        Id = id;
        _named = call.WriteAsync(
            TypeUrl.PackAny("containerd.services.streaming.v1.StreamInit", new StreamInit { Id = id }),
            CancellationToken.None);
    }

    /// <summary>Its name.</summary>
    public string Id { get; }

    /// <summary>Opens one, which is on its way when this returns.</summary>
    public static TransferStream Open(Connection connection, RpcHeaders headers) => new(
        connection.Open("/containerd.services.streaming.v1.Streaming/Stream", headers), Guid.NewGuid().ToString("N"));

    /// <summary>Waits until the daemon knows it.</summary>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        await _named.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (await ReceiveAsync(cancellationToken).ConfigureAwait(false) is null)
        {
            throw new GantryException(ErrorKind.Unavailable, $"stream \"{Id}\": the daemon has closed it");
        }
    }

    /// <summary>Sends a message.</summary>
    public Task SendAsync(IMessage message, CancellationToken cancellationToken) =>
        _call.WriteAsync(TypeUrl.PackAny(message), cancellationToken);

    /// <summary>Waits for a message; null when the daemon has closed the stream.</summary>
    public async Task<Any?> ReceiveAsync(CancellationToken cancellationToken)
    {
        Any message = new();
        return await _call.ReadAsync(message, cancellationToken).ConfigureAwait(false) ? message : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _call.Dispose();
}
