namespace Gantry.Archive.Tests.Fuzz;

/// <summary>Changes bytes at random: the same way for a seed.</summary>
internal sealed class Mutator(int seed)
{
    private const int MaxLength = 64 * 1024;

    private static readonly byte[][] Words =
    [
        "ustar\0"u8.ToArray(), "ustar  \0"u8.ToArray(), "../"u8.ToArray(), "/"u8.ToArray(), ".wh."u8.ToArray(),
        ".wh..wh..opq"u8.ToArray(), ".wh..wh..plnk/"u8.ToArray(), ".wh..."u8.ToArray(), "d/"u8.ToArray(), "link/"u8.ToArray(),
        "d/link/x"u8.ToArray(), "9999999999"u8.ToArray(), "-1"u8.ToArray(), "77777777777"u8.ToArray(),
        "GNU.sparse.major=1\n"u8.ToArray(), "SCHILY.xattr.user.x="u8.ToArray(), [0x80, 0, 0, 0, 0, 0, 0, 0xff],
        [0x1f, 0x8b, 8, 0], [0x28, 0xb5, 0x2f, 0xfd], [0xff, 0xff, 0xff, 0xff], new byte[512],
    ];

    private readonly Random _random = new(seed);

    /// <summary>A changed copy.</summary>
    /// <param name="data">What to change.</param>
    /// <param name="other">What pieces may be taken from.</param>
    public byte[] Change(byte[] data, byte[] other)
    {
        List<byte> result = [.. data];
        for (int changes = _random.Next(1, 8); changes > 0 && result.Count > 0; changes--)
        {
            int at = _random.Next(result.Count);
            switch (_random.Next(8))
            {
                case 0:
                    result[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    result[at] = (byte)_random.Next(256);
                    break;
                case 2:
                    Overwrite(result, at, Words[_random.Next(Words.Length)]);
                    break;
                case 3:
                    // Where a header's fields are.
                    int[] fields = [0, 100, 124, 136, 156, 157, 257, 345, 386, 482];
                    Overwrite(result, (at & ~511) + fields[_random.Next(fields.Length)], Words[_random.Next(Words.Length)]);
                    break;
                case 4:
                    result[at & ~511 | (156 % Math.Max(1, result.Count - (at & ~511)))] = (byte)"01234567xgLKSVD\0"[_random.Next(16)];
                    break;
                case 5:
                    // Blocks of another archive.
                    int from = _random.Next(Math.Max(1, other.Length / 512)) * 512;
                    int length = Math.Min(_random.Next(1, 6) * 512, other.Length - from);
                    result.InsertRange(at & ~511, other.AsSpan(from, length).ToArray());
                    break;
                case 6:
                    result.RemoveRange(at, _random.Next(2) == 0 ? result.Count - at : Math.Min(512, result.Count - at));
                    break;
                default:
                    result.InsertRange(at & ~511, result.GetRange(at & ~511, Math.Min(512, result.Count - (at & ~511))));
                    break;
            }
        }

        byte[] changed = [.. result.Take(MaxLength)];
        if (_random.Next(3) > 0)
        {
            FixChecksums(changed);
        }

        return changed;
    }

    /// <summary>A changed header would be refused for its checksum alone.</summary>
    private static void FixChecksums(byte[] data)
    {
        for (int block = 0; block + 512 <= data.Length; block += 512)
        {
            if (data.AsSpan(block + 257, 5).SequenceEqual("ustar"u8))
            {
                TarBuilder.Checksum(data.AsSpan(block, 512));
            }
        }
    }

    private static void Overwrite(List<byte> data, int at, byte[] word)
    {
        for (int i = 0; i < word.Length && at + i < data.Count; i++)
        {
            data[at + i] = word[i];
        }
    }
}
