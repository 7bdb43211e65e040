using System.Buffers;
using System.Buffers.Binary;
using Gantry.Core.Errors;
using Google.Protobuf;

namespace Gantry.Client.Internal;

/// <summary>
/// A message of gRPC on the wire: one byte that says whether it is compressed (it never is), four bytes of length, the
/// highest first, and the message.
/// </summary>
internal static class RpcFrame
{
    private const int HeaderBytes = 5;

    /// <summary>A message with its header.</summary>
    /// <param name="message">The message.</param>
    /// <param name="rent">Whether the array is to be a rented one, which the caller gives back.</param>
    /// <returns>The array, and how much of it counts.</returns>
    public static (byte[] Frame, int Length) Encode(IMessage message, bool rent)
    {
        int size = message.CalculateSize();
        if (size > GantryClientOptions.MaxMessageBytes)
        {
            throw new GantryException(
                ErrorKind.ResourceExhausted,
                $"message of {size} bytes, greater than the limit of {GantryClientOptions.MaxMessageBytes}");
        }

        byte[] frame = rent ? ArrayPool<byte>.Shared.Rent(HeaderBytes + size) : new byte[HeaderBytes + size];
        frame[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(HeaderBytes, size));
        return (frame, HeaderBytes + size);
    }

    /// <summary>Reads the next message; false at the end of the stream.</summary>
    public static async Task<bool> ReadAsync(Stream stream, IMessage message, CancellationToken cancellationToken)
    {
        byte[] header = new byte[HeaderBytes];
        int read = await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        if (read == 0)
        {
            return false;
        }

        uint size = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1));
        if (read < HeaderBytes || header[0] != 0)
        {
            throw new GantryException(ErrorKind.Internal, "malformed message");
        }

        if (size > GantryClientOptions.MaxMessageBytes)
        {
            throw new GantryException(
                ErrorKind.ResourceExhausted,
                $"message of {size} bytes, greater than the limit of {GantryClientOptions.MaxMessageBytes}");
        }

        byte[] body = ArrayPool<byte>.Shared.Rent((int)size);
        try
        {
            await stream.ReadExactlyAsync(body.AsMemory(0, (int)size), cancellationToken).ConfigureAwait(false);
            message.MergeFrom(body.AsSpan(0, (int)size));
            return true;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GantryException(ErrorKind.Internal, $"malformed message: {e.Message}", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }
}
