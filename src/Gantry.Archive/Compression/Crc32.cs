using System.Buffers.Binary;

namespace Gantry.Archive.Compression;

/// <summary>The check sum of gzip (RFC 1952, 8), eight bytes at a time.</summary>
internal struct Crc32
{
    private const uint Polynomial = 0xedb88320;
    private const int Slices = 8;
    private const int Values = 256;

    private static readonly uint[] Tables = MakeTables();

    private uint _sum;

    /// <summary>The sum of what was added so far.</summary>
    public readonly uint Value => _sum;

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<uint> tables = Tables;
        uint sum = ~_sum;
        for (; data.Length >= Slices; data = data[Slices..])
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ sum;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            sum = tables[(7 * Values) + (int)(low & 0xff)]
                ^ tables[(6 * Values) + (int)((low >> 8) & 0xff)]
                ^ tables[(5 * Values) + (int)((low >> 16) & 0xff)]
                ^ tables[(4 * Values) + (int)(low >> 24)]
                ^ tables[(3 * Values) + (int)(high & 0xff)]
                ^ tables[(2 * Values) + (int)((high >> 8) & 0xff)]
                ^ tables[Values + (int)((high >> 16) & 0xff)]
                ^ tables[(int)(high >> 24)];
        }

        foreach (byte value in data)
        {
            sum = tables[(int)((sum ^ value) & 0xff)] ^ (sum >> 8);
        }

        _sum = ~sum;
    }

    private static uint[] MakeTables()
    {
        uint[] tables = new uint[Slices * Values];
        for (uint i = 0; i < Values; i++)
        {
            uint sum = i;
            for (int bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * Polynomial);
            }

            tables[i] = sum;
        }

        for (int i = Values; i < tables.Length; i++)
        {
            uint before = tables[i - Values];
            tables[i] = tables[before & 0xff] ^ (before >> 8);
        }

        return tables;
    }
}
