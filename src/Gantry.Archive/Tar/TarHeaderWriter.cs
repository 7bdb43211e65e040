using System.Text;

namespace Gantry.Archive.Tar;

/// <summary>Makes ustar header blocks, see <see cref="TarHeader"/>.</summary>
internal static class TarHeaderWriter
{
    internal const int NameLength = 100;
    internal const long MaxId = 0x1FFFFF;
    internal const long MaxLargeNumber = 0x1FFFFFFFF;

    private const byte ExtendedHeaderFlag = (byte)'x';

    /// <summary>The header of an entry. What it can't hold is cut or zero here: PAX records have it.</summary>
    internal static byte[] Of(TarEntry entry)
    {
        byte[] block = new byte[TarHeader.BlockSize];
        Put(block, 0, entry.Name);
        Octal(block, 100, 8, entry.Mode);
        Octal(block, 108, 8, entry.Uid <= MaxId ? entry.Uid : 0);
        Octal(block, 116, 8, entry.Gid <= MaxId ? entry.Gid : 0);
        Octal(block, 124, 12, entry.Size <= MaxLargeNumber ? entry.Size : 0);
        Octal(block, 136, 12, entry.Modified.Seconds is >= 0 and <= MaxLargeNumber ? entry.Modified.Seconds : 0);
        block[156] = (byte)entry.Type;
        Put(block, 157, entry.LinkName);
        Octal(block, 329, 8, entry.DeviceMajor);
        Octal(block, 337, 8, entry.DeviceMinor);
        Finish(block);
        return block;
    }

    /// <summary>The header before PAX records.</summary>
    internal static byte[] OfRecords(int length)
    {
        byte[] block = new byte[TarHeader.BlockSize];
        Put(block, 0, "PaxHeaders.0/entry"u8);
        Octal(block, 100, 8, 0);
        Octal(block, 108, 8, 0);
        Octal(block, 116, 8, 0);
        Octal(block, 124, 12, length);
        Octal(block, 136, 12, 0);
        block[156] = ExtendedHeaderFlag;
        Finish(block);
        return block;
    }

    /// <summary>True when the name and link fields can hold a text as it is.</summary>
    internal static bool Fits(ReadOnlySpan<byte> text) => text.Length <= NameLength && Ascii.IsValid(text);

    private static void Put(byte[] block, int offset, ReadOnlySpan<byte> text) =>
        text[..Math.Min(text.Length, NameLength)].CopyTo(block.AsSpan(offset));

    private static void Octal(byte[] block, int offset, int length, long value)
    {
        for (int i = offset + length - 2; i >= offset; i--)
        {
            block[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }

    private static void Finish(byte[] block)
    {
        "ustar\000"u8.CopyTo(block.AsSpan(257));
        block.AsSpan(148, 8).Fill((byte)' ');
        long sum = 0;
        foreach (byte value in block)
        {
            sum += value;
        }

        // Six digits, a NUL and a space.
        Octal(block, 148, 7, sum);
        block[154] = 0;
    }
}
