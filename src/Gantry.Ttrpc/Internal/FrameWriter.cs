using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace Gantry.Ttrpc.Internal;

/// <summary>
/// Sends frames one after the other, for any number of callers. A frame that was begun is sent to its end even when
/// its caller gives up: half a frame would ruin the connection for all.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "See _turn.")]
internal sealed class FrameWriter(Socket socket, Action<Exception> failed)
{
    // Not disposed: a caller may be waiting in it when the connection goes, and it holds no handle.
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Sends a frame; it is disposed in any case.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="opening">
    /// The call whose stream the frame opens: it gets it when it is the frame's turn, as streams must open in order.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the frame is sent whole or not at all.</param>
    /// <returns>False when the connection is gone.</returns>
    public async ValueTask<bool> SendAsync(
        OutgoingFrame frame,
        ClientCall? opening,
        CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(cancellationToken);
        }
        catch
        {
            frame.Dispose();
            throw;
        }

        ValueTask<bool> sending = SendInTurnAsync(frame, opening);
        return sending.IsCompleted
            ? await sending
            : await sending.AsTask().WaitAsync(cancellationToken);
    }

    private async ValueTask<bool> SendInTurnAsync(OutgoingFrame frame, ClientCall? opening)
    {
        try
        {
            if (opening is not null)
            {
                frame.SetStreamId(opening.OpenStream());
            }

            ReadOnlyMemory<byte> left = frame.Bytes;
            while (left.Length > 0)
            {
                int sent = await socket.SendAsync(left, SocketFlags.None, CancellationToken.None);
                left = left[sent..];
            }

            return true;
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            failed(failure);
            return false;
        }
        finally
        {
            frame.Dispose();
            _turn.Release();
        }
    }
}
