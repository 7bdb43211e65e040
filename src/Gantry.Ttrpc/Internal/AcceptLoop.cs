using System.Net.Sockets;

namespace Gantry.Ttrpc.Internal;

/// <summary>Accepts connections on one listener and serves each until it ends.</summary>
internal sealed class AcceptLoop(TtrpcServer server, Socket listener)
{
    /// <summary>How long to wait when the system has no descriptor or memory for another connection.</summary>
    private static readonly TimeSpan Respite = TimeSpan.FromMilliseconds(50);

    // Guards _serving.
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _serving = [];

    /// <summary>Runs until the token is cancelled, and returns when every connection has ended.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                if (await AcceptAsync(stop) is { } socket)
                {
                    Track(server.ServeConnectionAsync(socket, stop));
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped.
        }

        Task[] open;
        lock (_gate)
        {
            open = [.. _serving];
        }

        await Task.WhenAll(open);
    }

    private async Task<Socket?> AcceptAsync(CancellationToken stop)
    {
        try
        {
            return await listener.AcceptAsync(stop);
        }
        catch (SocketException aborted) when (aborted.SocketErrorCode is SocketError.ConnectionAborted
            or SocketError.ConnectionReset or SocketError.Interrupted)
        {
            return null;
        }
        catch (SocketException exhausted) when (exhausted.SocketErrorCode is SocketError.TooManyOpenSockets
            or SocketError.NoBufferSpaceAvailable)
        {
            // Nothing tells when there is room again.
            await Task.Delay(Respite, stop);
            return null;
        }
    }

    private void Track(Task serving)
    {
        lock (_gate)
        {
            _serving.Add(serving);
        }

        serving.GetAwaiter().OnCompleted(() =>
        {
            lock (_gate)
            {
                _serving.Remove(serving);
            }
        });
    }
}
