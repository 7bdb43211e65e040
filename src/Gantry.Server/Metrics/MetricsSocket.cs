using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gantry.Core.Errors;

namespace Gantry.Server.Metrics;

/// <summary>The socket that metrics are served on.</summary>
internal static class MetricsSocket
{
    /// <summary>Binds it.</summary>
    /// <param name="address">Where: <c>HOST:PORT</c>; without a host, on all addresses of the machine.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="GantryException">InvalidArgument: that is no address. FailedPrecondition: it can't be had.</exception>
    public static async Task<Socket> BindAsync(string address, CancellationToken cancellationToken)
    {
        int colon = address.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture, out ushort port))
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"metrics address \"{address}\": expected HOST:PORT");
        }

        string host = address[..colon].Trim('[', ']');
        try
        {
            IPAddress ip = host.Length == 0 ? IPAddress.IPv6Any
                : IPAddress.TryParse(host, out IPAddress? literal) ? literal
                : (await Dns.GetHostAddressesAsync(host, cancellationToken))[0];
            Socket socket = new(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                if (host.Length == 0)
                {
                    socket.DualMode = true;
                }

                socket.Bind(new IPEndPoint(ip, port));
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        catch (SocketException failure)
        {
            string why = failure.SocketErrorCode is SocketError.AddressAlreadyInUse
                ? "address already in use"
                : failure.Message;
            throw new GantryException(ErrorKind.FailedPrecondition, $"listen tcp {address}: {why}", failure);
        }
    }
}
