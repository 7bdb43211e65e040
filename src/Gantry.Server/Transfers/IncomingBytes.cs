using Gantry.Api;
using Gantry.Api.Types.Transfer;
using Gantry.Server.Streams;

namespace Gantry.Server.Transfers;

/// <summary>
/// The bytes that a client sends over a stream of its. The client sends no more than it has been told that there is room for.
/// </summary>
/// <param name="stream">The client's stream.</param>
internal sealed class IncomingBytes(ClientStream stream) : OneWayStream
{
    /// <summary>How much more may come, each time that it is told.</summary>
    private const int Window = 64 * 1024;

    private ReadOnlyMemory<byte> _rest;
    private long _room;
    private bool _ended;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty && !_ended)
        {
            await ReceiveAsync(cancellationToken);
        }

        int length = Math.Min(buffer.Length, _rest.Length);
        _rest[..length].CopyTo(buffer);
        _rest = _rest[length..];
        return length;
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        if (_room < Window)
        {
            await stream.SendAsync(TypeUrl.PackAny(new WindowUpdate { Update = Window }), cancellationToken);
            _room += Window;
        }

        if (await stream.ReceiveAsync(cancellationToken) is not { } message)
        {
            _ended = true;
            return;
        }

        if (TypeUrl.TryUnpack(message, out Data? data))
        {
            _rest = data.Data_.Memory;
            _room -= _rest.Length;
        }
    }
}
