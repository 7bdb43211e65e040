using System.Buffers.Binary;
using System.Net.Sockets;
using Gantry.Api.Ttrpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Ttrpc.Tests;

/// <summary>One end of a connection that writes and reads frames byte by byte, right or wrong.</summary>
internal sealed class RawPeer(Socket socket) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);

    public static byte[] Frame(uint streamId, byte type, byte flags, ReadOnlySpan<byte> payload, uint? length = null)
    {
        byte[] frame = new byte[10 + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, length ?? (uint)payload.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), streamId);
        frame[8] = type;
        frame[9] = flags;
        payload.CopyTo(frame.AsSpan(10));
        return frame;
    }

    public static byte[] Request(uint streamId, string method, BytesValue? message = null, byte flags = 0) =>
        Frame(streamId, 1, flags, new Request
        {
            Service = TestMethods.Service,
            Method = method,
            Payload = message?.ToByteString() ?? ByteString.Empty,
        }.ToByteArray());

    public async Task WriteAsync(byte[] bytes, CancellationToken cancellationToken) =>
        await _stream.WriteAsync(bytes, cancellationToken);

    public async Task<(uint StreamId, byte Type, byte Flags, byte[] Payload)> ReadAsync(
        CancellationToken cancellationToken)
    {
        byte[] header = new byte[10];
        await _stream.ReadExactlyAsync(header, cancellationToken);
        byte[] payload = new byte[BinaryPrimitives.ReadUInt32BigEndian(header)];
        await _stream.ReadExactlyAsync(payload, cancellationToken);
        return (BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)), header[8], header[9], payload);
    }

    /// <summary>Reads a response.</summary>
    public async Task<(uint StreamId, Response Response)> ReadResponseAsync(CancellationToken cancellationToken)
    {
        (uint streamId, byte type, _, byte[] payload) = await ReadAsync(cancellationToken);
        Xunit.Assert.Equal(2, type);
        return (streamId, Response.Parser.ParseFrom(payload));
    }

    /// <summary>Whether the other end has closed the connection.</summary>
    public async Task<bool> IsClosedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _stream.ReadAsync(new byte[1], cancellationToken) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => _stream.Dispose();
}
