using Google.Protobuf;

namespace Gantry.Client.Internal;

/// <summary>A call that is answered with many messages. It is on its way when this object exists.</summary>
internal sealed class RpcReader(Connection connection, Task<RpcResponse> response, CancellationTokenSource cancel)
    : IDisposable
{
    private bool _disposed;

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
