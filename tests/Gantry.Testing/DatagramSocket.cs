using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Gantry.Testing;

/// <summary>A socket that listens where systemd or its journal would.</summary>
public sealed class DatagramSocket : IDisposable
{
    private const int MaxSize = 1 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    /// <summary>Makes one.</summary>
    /// <param name="path">Its path.</param>
    public DatagramSocket(string path)
    {
        _socket.Bind(new UnixDomainSocketEndPoint(path));
    }

    /// <summary>Whether nothing has come that was not received.</summary>
    public bool IsEmpty => _socket.Available == 0;

    /// <summary>What comes next, as bytes.</summary>
    public async Task<byte[]> ReceiveBytesAsync()
    {
        byte[] buffer = new byte[MaxSize];
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        int length = await _socket.ReceiveAsync(buffer, limit.Token);
        return buffer[..length];
    }

    /// <summary>What comes next, as text.</summary>
    public async Task<string> ReceiveAsync() => Encoding.UTF8.GetString(await ReceiveBytesAsync());

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
