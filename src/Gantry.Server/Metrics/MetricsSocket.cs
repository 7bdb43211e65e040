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
            IPAddress ip = await ResolveAsync(host, Socket.OSSupportsIPv6, cancellationToken);
            Socket socket = new(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                if (host.Length == 0 && ip.AddressFamily is AddressFamily.InterNetworkV6)
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

    /// <summary>The address to bind: of a name that of IPv4, if it has one; without a name all of them.</summary>
    /// <param name="host">An address or a name; empty for none.</param>
    /// <param name="hasIPv6">Whether this machine knows IPv6.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal static async Task<IPAddress> ResolveAsync(string host, bool hasIPv6, CancellationToken cancellationToken)
    {
        if (host.Length == 0)
        {
            return hasIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        }

        if (IPAddress.TryParse(host, out IPAddress? literal))
        {
            return literal;
        }

        IPAddress[] found = await Dns.GetHostAddressesAsync(host, cancellationToken);
        return Array.Find(found, address => address.AddressFamily is AddressFamily.InterNetwork) ?? found[0];
    }
}
