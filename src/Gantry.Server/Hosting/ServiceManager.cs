using System.Net.Sockets;
using System.Text;

namespace Gantry.Server.Hosting;

/// <summary>Tells systemd how the daemon is (sd_notify(3)); does nothing where nobody asked for it.</summary>
public sealed class ServiceManager
{
    private readonly string? _socket;

    /// <summary>Makes one that tells whoever listens on a socket.</summary>
    /// <param name="socket">The value of NOTIFY_SOCKET: a path, or <c>@</c> and an abstract name; null for nobody.</param>
    public ServiceManager(string? socket) => _socket = socket;

    /// <summary>The daemon serves.</summary>
    public void Ready() => Send("READY=1");

    /// <summary>The daemon is about to end.</summary>
    public void Stopping() => Send("STOPPING=1");

    private void Send(string state)
    {
        if (string.IsNullOrEmpty(_socket))
        {
            return;
        }

        try
        {
            string path = _socket[0] == '@' ? '\0' + _socket[1..] : _socket;
            using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Send(Encoding.UTF8.GetBytes(state));
        }
        catch (SocketException)
        {
            // Nobody listens there: then nobody waits for it.
        }
    }
}
