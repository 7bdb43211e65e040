using System.Buffers;
using Google.Protobuf;

namespace Gantry.Client.Internal;

/// <summary>A call in which both sides send messages. It is on its way when this object exists.</summary>
internal sealed class RpcDuplex(
    Connection connection,
    DuplexContent content,
    Task<RpcResponse> response,
    CancellationTokenSource cancel) : IDisposable
{
    private bool _disposed;

    /// <summary>Sends a message. When the call has ended already nothing is sent, and reading tells why.</summary>
    public async Task WriteAsync(IMessage message, CancellationToken cancellationToken)
    {
        (byte[] frame, int length) = RpcFrame.Encode(message, rent: true);
        try
        {
            // A call that can't be made never asks for its content.
            await Task.WhenAny(content.Opened, response).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (content.Opened.IsCompletedSuccessfully)
            {
                Stream stream = await content.Opened.ConfigureAwait(false);
                await stream.WriteAsync(frame.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                await stream.FlushAsync(cancellationToken).ConfigureAwait(false);

                // Only an array that surely is not being sent any more may go to somebody else.
                ArrayPool<byte>.Shared.Return(frame);
            }
        }
        catch (Exception e) when (Connection.IsTransport(e) || e is OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Says that no more messages come.</summary>
    public void Complete() => content.Complete();

    /// <summary>Reads the next message into one that is empty; false when the call has ended well.</summary>
    public Task<bool> ReadAsync(IMessage message, CancellationToken cancellationToken) =>
        connection.TranslateAsync(() => ReadCoreAsync(message, cancellationToken), cancellationToken);

    /// <summary>Ends the call.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        content.Complete();
        cancel.Cancel();
        Connection.DisposeWhenDone(response);
        cancel.Dispose();
    }

    private async Task<bool> ReadCoreAsync(IMessage message, CancellationToken cancellationToken)
    {
        RpcResponse answer = await response.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await answer.ReadAsync(message, cancellationToken).ConfigureAwait(false);
    }
}
