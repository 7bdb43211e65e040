namespace Gantry.Server.Hosting;

/// <summary>
/// Counts the characters of a string in HPACK's Huffman code (RFC 7541, appendix B). The code is canonical: codes of one
/// length follow each other, so the number of codes of each length is enough to tell where each ends.
/// </summary>
internal static class HuffmanLength
{
    /// <summary>How many codes have as many bits as the index says.</summary>
    private static ReadOnlySpan<byte> CodesOfLength =>
    [
        0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 4,
    ];

    /// <summary>The number of characters.</summary>
    /// <param name="data">The code; what is left at its end is padding.</param>
    public static int Of(ReadOnlySpan<byte> data)
    {
        int characters = 0;
        int length = 0;
        uint code = 0;
        uint first = 0;
        for (int bit = 0; bit < data.Length * 8; bit++)
        {
            uint value = (uint)(data[bit / 8] >> (7 - (bit % 8))) & 1;
            code = (code << 1) | value;
            length++;
            if (length >= CodesOfLength.Length)
            {
                return characters;
            }

            // 'first' is the first code of this length: the one after the last of the length before, doubled.
            first <<= 1;
            uint count = CodesOfLength[length];
            if (code - first < count)
            {
                characters++;
                length = 0;
                code = 0;
                first = 0;
            }
            else
            {
                first += count;
            }
        }

        return characters;
    }
}
