using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Server.Streams;

/// <summary>
/// A stream that a client has opened: messages to and fro until either side closes it. One may send while another receives,
/// but not two the same.
/// </summary>
/// <param name="ns">The namespace of the client's call; empty when it named none.</param>
/// <param name="lease">The lease of the call, or empty.</param>
/// <param name="name">The client's name for it.</param>
/// <param name="incoming">What the client sends.</param>
/// <param name="outgoing">What it gets.</param>
internal sealed class ClientStream(
    string ns, string lease, string name, IAsyncStreamReader<Any> incoming, IServerStreamWriter<Any> outgoing)
{
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Namespace => ns;

    public string Lease => lease;

    public string Name => name;

    /// <summary>Done when this side has closed it.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Sends a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task SendAsync(Any message, CancellationToken cancellationToken) =>
        outgoing.WriteAsync(message, cancellationToken);

    /// <summary>Waits for a message.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The message, or null when the client has said that there are no more.</returns>
    public async Task<Any?> ReceiveAsync(CancellationToken cancellationToken) =>
        await incoming.MoveNext(cancellationToken) ? incoming.Current : null;

    /// <summary>Ends the client's call. It must not be used afterwards.</summary>
    public void Close() => _closed.TrySetResult();
}
