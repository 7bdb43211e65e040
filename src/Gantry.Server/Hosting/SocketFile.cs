using System.Net.Sockets;

namespace Gantry.Server.Hosting;

/// <summary>A bound socket and its file, which goes with it.</summary>
internal sealed class SocketFile(string path, Socket socket) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        File.Delete(path);
    }
}
