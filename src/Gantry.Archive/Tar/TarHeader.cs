using System.Buffers.Text;
using System.Text;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;

namespace Gantry.Archive.Tar;

/// <summary>
/// One header block of 512 bytes, read in place:
/// <code>
///   0 name 100   100 mode 8   108 uid 8   116 gid 8   124 size 12   136 mtime 12   148 checksum 8   156 type
/// 157 linkname 100   257 magic 6   263 version 2   265 uname 32   297 gname 32   329 major 8   337 minor 8
/// ustar: 345 prefix 155          star: 345 prefix 131   476 atime 12   488 ctime 12   508 "tar\0"
/// GNU:   345 atime 12   357 ctime 12   386 sparse 4 × 24   482 extended   483 real size 12
/// </code>
/// </summary>
internal readonly ref struct TarHeader
{
    /// <summary>Everything in an archive is a multiple of this.</summary>
    internal const int BlockSize = 512;

    internal const int SparseFieldSize = 24;

    private readonly ReadOnlySpan<byte> _block;

    internal TarHeader(ReadOnlySpan<byte> block) => _block = block;

    internal enum Format
    {
        V7,
        Ustar,
        Star,
        Gnu,
    }

    internal byte TypeFlag => _block[156];

    internal ReadOnlySpan<byte> Name => Text(0, 100);

    internal ReadOnlySpan<byte> LinkName => Text(157, 100);

    internal ReadOnlySpan<byte> SparseMap => _block.Slice(386, 4 * SparseFieldSize);

    internal bool SparseMapGoesOn => _block[482] != 0;

    internal Format Kind
    {
        get
        {
            ReadOnlySpan<byte> magic = _block.Slice(257, 8);
            if (magic.SequenceEqual("ustar  \0"u8))
            {
                return Format.Gnu;
            }

            if (!magic[..6].SequenceEqual("ustar\0"u8))
            {
                return Format.V7;
            }

            return _block[508..].SequenceEqual("tar\0"u8) ? Format.Star : Format.Ustar;
        }
    }

    internal ReadOnlySpan<byte> Prefix => Kind switch
    {
        Format.Ustar => Text(345, 155),
        Format.Star => Text(345, 131),

        // Writers in Go before 1.8 put a prefix where GNU headers have times.
        Format.Gnu when !HasGnuTimes && Ascii.IsValid(Text(345, 155)) => Text(345, 155),
        _ => [],
    };

    private bool HasGnuTimes => TryNumber(_block.Slice(345, 12), out _) && TryNumber(_block.Slice(357, 12), out _);

    internal long Mode => Number(100, 8, "mode");

    internal long Uid => Number(108, 8, "uid");

    internal long Gid => Number(116, 8, "gid");

    internal long Size => Number(124, 12, "size");

    internal long Modified => Number(136, 12, "mtime");

    internal long RealSize => Number(483, 12, "real size");

    internal long DeviceMajor => Kind == Format.V7 ? 0 : Number(329, 8, "device number");

    internal long DeviceMinor => Kind == Format.V7 ? 0 : Number(337, 8, "device number");

    /// <summary>The time of access, which only star and GNU headers have, and not all of them.</summary>
    internal Timespec? Accessed
    {
        get
        {
            int at = Kind switch
            {
                Format.Star => 476,
                Format.Gnu when _block[345] != 0 && HasGnuTimes => 345,
                _ => -1,
            };
            return at >= 0 && TryNumber(_block.Slice(at, 12), out long seconds) ? new Timespec(seconds, 0) : null;
        }
    }

    /// <summary>The sum of all bytes, the checksum's own counted as spaces; some old writers added signed bytes.</summary>
    internal bool HasValidChecksum
    {
        get
        {
            if (!TryNumber(_block.Slice(148, 8), out long expected))
            {
                return false;
            }

            long unsigned = 8 * ' ';
            long signed = 8 * ' ';
            for (int i = 0; i < BlockSize; i++)
            {
                if (i is < 148 or >= 156)
                {
                    unsigned += _block[i];
                    signed += (sbyte)_block[i];
                }
            }

            return expected == unsigned || expected == signed;
        }
    }

    /// <summary>
    /// A number: octal digits between spaces and NULs; or, when the first bit is set, a big-endian two's complement.
    /// </summary>
    internal static bool TryNumber(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        if ((field[0] & 0x80) != 0)
        {
            return TryBase256(field, out value);
        }

        field = field.Trim(" \0"u8);
        int end = field.IndexOf((byte)0);
        if (end >= 0)
        {
            field = field[..end];
        }

        foreach (byte digit in field)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3)
            {
                return false;
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }

    /// <summary>A decimal number of a PAX record: no sign but a minus, nothing else around it.</summary>
    internal static bool TryDecimal(ReadOnlySpan<byte> text, out long value) =>
        Utf8Parser.TryParse(text, out value, out int used) && used == text.Length && text[0] != (byte)'+';

    private static bool TryBase256(ReadOnlySpan<byte> field, out long value)
    {
        bool negative = (field[0] & 0x40) != 0;
        byte fill = negative ? (byte)0xff : (byte)0;
        ulong bits = negative ? ulong.MaxValue : 0;
        for (int i = 0; i < field.Length; i++)
        {
            byte digit = i > 0 ? field[i] : (byte)(negative ? field[0] : field[0] & 0x7f);

            // What is shifted out must be nothing but sign.
            if ((byte)(bits >> 56) != fill)
            {
                value = 0;
                return false;
            }

            bits = (bits << 8) | digit;
        }

        value = (long)bits;
        return value < 0 == negative;
    }

    private ReadOnlySpan<byte> Text(int offset, int length)
    {
        ReadOnlySpan<byte> field = _block.Slice(offset, length);
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    private long Number(int offset, int length, string what) =>
        TryNumber(_block.Slice(offset, length), out long value)
            ? value
            : throw new GantryException(ErrorKind.InvalidArgument, $"invalid tar header: {what} is no number");
}
