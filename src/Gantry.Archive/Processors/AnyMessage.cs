using System.Text;

namespace Gantry.Archive.Processors;

/// <summary>google.protobuf.Any on the wire: 1 type_url, a string; 2 value, bytes.</summary>
internal static class AnyMessage
{
    private const byte TypeUrlTag = (1 << 3) | 2;
    private const byte ValueTag = (2 << 3) | 2;

    internal static byte[] Of(Core.TypedBytes value)
    {
        using MemoryStream message = new();
        Write(message, TypeUrlTag, Encoding.UTF8.GetBytes(value.TypeUrl));
        Write(message, ValueTag, value.Value.Span);
        return message.ToArray();
    }

    private static void Write(MemoryStream message, byte tag, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        message.WriteByte(tag);
        uint length = (uint)bytes.Length;
        for (; length >= 0x80; length >>= 7)
        {
            message.WriteByte((byte)(length | 0x80));
        }

        message.WriteByte((byte)length);
        message.Write(bytes);
    }
}
