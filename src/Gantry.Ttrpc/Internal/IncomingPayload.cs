using System.Buffers;
using Google.Protobuf;
using Grpc.Core;

namespace Gantry.Ttrpc.Internal;

/// <summary>A message that came in, for gRPC's marshallers.</summary>
internal sealed class IncomingPayload(ReadOnlyMemory<byte> payload) : DeserializationContext
{
    public override int PayloadLength => payload.Length;

    /// <summary>Reads a message.</summary>
    /// <exception cref="RpcException">The code, when it is malformed.</exception>
    public static T Read<T>(Marshaller<T> marshaller, ReadOnlyMemory<byte> payload, StatusCode malformedCode)
    {
        try
        {
            return marshaller.ContextualDeserializer(new IncomingPayload(payload));
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw new RpcException(
                new Status(malformedCode, $"ttrpc: message can't be read: {malformed.Message}", malformed));
        }
    }

    public override byte[] PayloadAsNewBuffer() => payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(payload);
}
