using System.Buffers.Binary;
using System.IO.Pipelines;
using Gantry.Core.Errors;
using Gantry.Server.Metrics;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gantry.Server.Services.Lists;

/// <summary>
/// Sends messages that are bytes already, as gRPC frames them: 0 for «not compressed», the length in 4 bytes, the message.
/// A piece is sent when the client has taken what was sent before, so that what waits for a slow client is the message
/// alone, and not the message once more in the server's buffers.
/// </summary>
/// <param name="context">The call.</param>
internal sealed class MessageSender(ServerCallContext context)
{
    private const int PrefixLength = 5;

    private readonly PipeWriter _body = context.GetHttpContext().Response.BodyWriter;

    private readonly int _limit = context.GetHttpContext().RequestServices
        .GetRequiredService<IOptions<GrpcServiceOptions>>().Value.MaxSendMessageSize ?? int.MaxValue;

    /// <summary>Throws when a message has become longer than one may be.</summary>
    /// <exception cref="GantryException">ResourceExhausted: it has.</exception>
    public void Check(WireWriter message)
    {
        if (message.Length > _limit)
        {
            throw GantryException.Verbatim(
                ErrorKind.ResourceExhausted,
                $"trying to send a list larger than a message may be ({_limit} bytes)");
        }
    }

    /// <summary>Sends a message; it is on its way when this returns.</summary>
    public async Task SendAsync(WireWriter message)
    {
        long length = message.Finish();
        Check(message);
        WritePrefix(length);
        foreach (ReadOnlyMemory<byte> piece in message.Pieces())
        {
            if (piece.Length > 0)
            {
                await _body.WriteAsync(piece, context.CancellationToken);
            }
        }

        if (context.UserState.TryGetValue(RpcMethod.Key, out object? method))
        {
            ((RpcMethod)method!).Send();
        }

        // Of an empty message there is only what comes before it.
        await _body.FlushAsync(context.CancellationToken);
    }

    private void WritePrefix(long length)
    {
        Span<byte> prefix = _body.GetSpan(PrefixLength)[..PrefixLength];
        prefix[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(prefix[1..], (uint)length);
        _body.Advance(PrefixLength);
    }
}
