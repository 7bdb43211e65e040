using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Google.Protobuf;

namespace Gantry.Bench;

/// <summary>
/// Calls as bytes: what comes back is counted, not decoded, so that what a call takes is the daemon's and not this
/// program's.
/// </summary>
internal sealed class RawCall : IDisposable
{
    private const int PrefixSize = 5;
    private const int BufferSize = 1 << 20;

    private readonly HttpMessageInvoker _client;
    private readonly byte[] _buffer = new byte[BufferSize];

    public RawCall(string socketPath) => _client = new HttpMessageInvoker(new SocketsHttpHandler
    {
        InitialHttp2StreamWindowSize = 16 << 20,
        ConnectCallback = async (_, cancellationToken) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    /// <summary>Makes a call, and counts the bytes of the answer.</summary>
    /// <param name="method">Service and method, <c>SERVICE/METHOD</c>.</param>
    /// <param name="request">The request.</param>
    public async Task<long> RunAsync(string method, IMessage request)
    {
        byte[] body = new byte[PrefixSize + request.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), body.Length - PrefixSize);
        request.WriteTo(body.AsSpan(PrefixSize));
        using HttpRequestMessage message = new(HttpMethod.Post, $"http://localhost/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        message.Headers.TE.ParseAdd("trailers");
        message.Headers.Add("containerd-namespace", "bench");
        using HttpResponseMessage response = await _client.SendAsync(message, CancellationToken.None);
        await using Stream answer = await response.Content.ReadAsStreamAsync();
        long size = 0;
        while (await answer.ReadAsync(_buffer) is > 0 and int read)
        {
            size += read;
        }

        string status = response.TrailingHeaders.Concat(response.Headers)
            .FirstOrDefault(header => header.Key == "grpc-status").Value?.FirstOrDefault() ?? "none";
        return status == "0" ? size : throw new InvalidOperationException($"{method}: grpc-status {status}");
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
