using System.Net.Sockets;
using Grpc.Net.Client;

namespace Gantry.Compat.Tests;

/// <summary>Channels over Unix sockets, for calls as another client would make them.</summary>
internal static class UnixChannel
{
    /// <summary>Makes a channel; it connects at the first call.</summary>
    /// <param name="address">The socket.</param>
    public static GrpcChannel Open(string address) => GrpcChannel.ForAddress(
        "http://localhost",
        new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, token) =>
                {
                    Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(address), token);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            },
            DisposeHttpClient = true,
        });
}
