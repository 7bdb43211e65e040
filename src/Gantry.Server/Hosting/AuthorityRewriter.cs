using System.Buffers;

namespace Gantry.Server.Hosting;

/// <summary>
/// Makes any <c>:authority</c> of a client acceptable. Old gRPC clients send the path of the socket as authority, which
/// is no host name, and HTTP servers that check host names refuse them. Nobody here looks at the authority, so it is
/// replaced by letters.
/// </summary>
/// <remarks>
/// HPACK (RFC 7541) keeps a table on both sides that counts the lengths of decoded values. The replacement has as many
/// characters as what it replaces, so both tables stay alike; <c>a</c> has the shortest code there is, so no frame gets
/// longer than it was.
/// </remarks>
internal static class AuthorityRewriter
{
    /// <summary>What clients of today send, as Huffman code has it.</summary>
    private static ReadOnlySpan<byte> Localhost => [0xa0, 0xe4, 0x1d, 0x13, 0x9d, 0x09];

    private const int AuthorityIndex = 1;
    private const int PaddedFlag = 0x8;
    private const int PriorityFlag = 0x20;
    private const int PrioritySize = 5;
    private const int HuffmanFlag = 0x80;

    /// <summary>Whether the headers of a frame need no rewriting, now and later: the authority is a host name.</summary>
    /// <param name="flags">The frame's flags.</param>
    /// <param name="payload">The payload of a HEADERS frame.</param>
    public static bool IsAcceptable(byte flags, ReadOnlySpan<byte> payload) =>
        !TryFind(flags, payload, out Literal literal)
        || (literal.IsHuffman
            ? payload.Slice(literal.ValueStart, literal.ValueLength).SequenceEqual(Localhost)
            : payload.Slice(literal.ValueStart, literal.ValueLength).SequenceEqual("localhost"u8));

    /// <summary>Writes a HEADERS frame's payload with its authority replaced.</summary>
    /// <param name="flags">The frame's flags.</param>
    /// <param name="payload">The payload of a HEADERS frame.</param>
    /// <param name="output">Where it goes.</param>
    public static void Rewrite(byte flags, ReadOnlySpan<byte> payload, ArrayBufferWriter<byte> output)
    {
        if (!TryFind(flags, payload, out Literal literal))
        {
            output.Write(payload);
            return;
        }

        ReadOnlySpan<byte> value = payload.Slice(literal.ValueStart, literal.ValueLength);
        int characters = literal.IsHuffman ? HuffmanLength.Of(value) : value.Length;
        output.Write(payload[..literal.LengthStart]);
        WriteLetters(characters, output);
        output.Write(payload[(literal.ValueStart + literal.ValueLength)..]);
    }

    private static bool TryFind(byte flags, ReadOnlySpan<byte> payload, out Literal literal)
    {
        literal = default;
        int position = 0;
        int end = payload.Length;
        if ((flags & PaddedFlag) != 0)
        {
            if (end == 0 || payload[0] >= end)
            {
                return false;
            }

            end -= payload[0];
            position = 1;
        }

        position += (flags & PriorityFlag) != 0 ? PrioritySize : 0;
        if (position > end)
        {
            return false;
        }

        ReadOnlySpan<byte> block = payload[..end];
        while (position < end)
        {
            byte first = block[position];
            if ((first & 0x80) != 0)
            {
                // Indexed field: one number.
                if (!TryReadInteger(block, ref position, 7, out _))
                {
                    return false;
                }
            }
            else if ((first & 0xe0) == 0x20)
            {
                // Size update of the table: one number.
                if (!TryReadInteger(block, ref position, 5, out _))
                {
                    return false;
                }
            }
            else
            {
                // Literal: a number that names the field, or 0 and the name; then the value.
                int prefix = (first & 0x40) != 0 ? 6 : 4;
                if (!TryReadInteger(block, ref position, prefix, out int index)
                    || (index == 0 && !TryReadString(block, ref position, out _))
                    || !TryReadString(block, ref position, out Literal value))
                {
                    return false;
                }

                if (index == AuthorityIndex)
                {
                    literal = value;
                    return true;
                }
            }
        }

        return false;
    }

    private static bool TryReadString(ReadOnlySpan<byte> block, ref int position, out Literal literal)
    {
        literal = default;
        if (position >= block.Length)
        {
            return false;
        }

        int start = position;
        bool huffman = (block[position] & HuffmanFlag) != 0;
        if (!TryReadInteger(block, ref position, 7, out int length) || length > block.Length - position)
        {
            return false;
        }

        literal = new Literal(start, position, length, huffman);
        position += length;
        return true;
    }

    // RFC 7541, 5.1: a prefix of some bits; all ones: more bytes follow, 7 bits each, the least significant first.
    private static bool TryReadInteger(ReadOnlySpan<byte> block, ref int position, int prefixBits, out int value)
    {
        const int MaxShift = 21;
        value = 0;
        if (position >= block.Length)
        {
            return false;
        }

        int mask = (1 << prefixBits) - 1;
        value = block[position++] & mask;
        if (value < mask)
        {
            return true;
        }

        for (int shift = 0; shift <= MaxShift && position < block.Length; shift += 7)
        {
            byte next = block[position++];
            value += (next & 0x7f) << shift;
            if ((next & 0x80) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static void WriteLetters(int count, ArrayBufferWriter<byte> output)
    {
        const int CodeOfA = 0b00011;
        const int BitsOfA = 5;
        int bytes = ((count * BitsOfA) + 7) / 8;
        WriteInteger(bytes, output);
        Span<byte> span = output.GetSpan(bytes)[..bytes];
        span.Clear();
        for (int bit = 0; bit < bytes * 8; bit++)
        {
            // What is left of the last byte is filled with ones.
            bool one = bit >= count * BitsOfA || ((CodeOfA >> (BitsOfA - 1 - (bit % BitsOfA))) & 1) != 0;
            span[bit / 8] |= (byte)(one ? 0x80 >> (bit % 8) : 0);
        }

        output.Advance(bytes);
    }

    private static void WriteInteger(int value, ArrayBufferWriter<byte> output)
    {
        const int Mask = 0x7f;
        if (value < Mask)
        {
            output.Write([(byte)(HuffmanFlag | value)]);
            return;
        }

        output.Write([(byte)(HuffmanFlag | Mask)]);
        value -= Mask;
        while (value >= 0x80)
        {
            output.Write([(byte)(0x80 | (value & 0x7f))]);
            value >>= 7;
        }

        output.Write([(byte)value]);
    }

    private readonly record struct Literal(int LengthStart, int ValueStart, int ValueLength, bool IsHuffman);
}
