using Gantry.Api;
using Gantry.Api.Types.Transfer;
using Gantry.Server.Streams;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gantry.Server.Transfers;

/// <summary>Bytes that a client gets over a stream of its, as fast as it says that it has room for more.</summary>
/// <param name="stream">The client's stream.</param>
internal sealed class OutgoingBytes(ClientStream stream) : OneWayStream
{
    private const int MaxPiece = 32 * 1024;

    private long _room;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    /// <exception cref="IOException">The client takes no more.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            while (_room == 0)
            {
                await ReceiveAsync(cancellationToken);
            }

            int length = (int)Math.Min(Math.Min(buffer.Length, MaxPiece), _room);
            Data data = new() { Data_ = ByteString.CopyFrom(buffer.Span[..length]) };
            await stream.SendAsync(TypeUrl.PackAny(data), cancellationToken);
            _room -= length;
            buffer = buffer[length..];
        }
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        Any message = await stream.ReceiveAsync(cancellationToken)
            ?? throw new IOException($"stream \"{stream.Name}\": closed by the client before its end");
        if (TypeUrl.TryUnpack(message, out WindowUpdate? window))
        {
            _room += Math.Max(0, window.Update);
        }
    }
}
