using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Gantry.Linux.Syscalls;

namespace Gantry.Archive.Tar;

/// <summary>
/// Makes the records of an extended header, see <see cref="PaxRecords"/>: only what the ustar header can't hold,
/// ordered by key.
/// </summary>
internal static class PaxRecordWriter
{
    internal static byte[] Of(TarEntry entry)
    {
        List<(byte[] Key, byte[] Value)> records = [];
        AddNumber(records, "gid"u8, entry.Gid, entry.Gid <= TarHeaderWriter.MaxId);
        if (!TarHeaderWriter.Fits(entry.LinkName))
        {
            records.Add(("linkpath"u8.ToArray(), entry.LinkName));
        }

        Timespec time = entry.Modified;
        if (time.Nanoseconds != 0 || time.Seconds is < 0 or > TarHeaderWriter.MaxLargeNumber)
        {
            records.Add(("mtime"u8.ToArray(), Encoding.ASCII.GetBytes(Show(time))));
        }

        if (!TarHeaderWriter.Fits(entry.Name))
        {
            records.Add(("path"u8.ToArray(), entry.Name));
        }

        AddNumber(records, "size"u8, entry.Size, entry.Size <= TarHeaderWriter.MaxLargeNumber);
        AddNumber(records, "uid"u8, entry.Uid, entry.Uid <= TarHeaderWriter.MaxId);
        foreach (TarXattr xattr in entry.Xattrs)
        {
            records.Add(OfXattr(xattr));
        }

        records.Sort((left, right) => left.Key.AsSpan().SequenceCompareTo(right.Key));
        using MemoryStream all = new();
        foreach ((byte[] key, byte[] value) in records)
        {
            Write(all, key, value);
        }

        return all.ToArray();
    }

    /// <summary>Seconds with as many digits of a fraction as it has; negative numbers count towards zero.</summary>
    internal static string Show(Timespec time)
    {
        bool isNegative = time.Seconds < 0;
        long seconds = time.Seconds;
        long nanoseconds = time.Nanoseconds;
        if (isNegative && nanoseconds > 0)
        {
            seconds++;
            nanoseconds = 1_000_000_000 - nanoseconds;
        }

        string whole = seconds.ToString(CultureInfo.InvariantCulture);
        if (isNegative && seconds == 0)
        {
            whole = "-0";
        }

        return nanoseconds == 0
            ? whole
            : $"{whole}.{nanoseconds.ToString("d9", CultureInfo.InvariantCulture).TrimEnd('0')}";
    }

    private static void AddNumber(List<(byte[] Key, byte[] Value)> records, ReadOnlySpan<byte> key, long value, bool fits)
    {
        if (!fits)
        {
            records.Add((key.ToArray(), Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture))));
        }
    }

    /// <summary>A key ends at its first equals sign: a name with one goes libarchive's way, in which it is escaped.</summary>
    private static (byte[] Key, byte[] Value) OfXattr(TarXattr xattr)
    {
        if (!xattr.Name.AsSpan().Contains((byte)'='))
        {
            return ([.. "SCHILY.xattr."u8, .. xattr.Name], xattr.Value);
        }

        List<byte> key = [.. "LIBARCHIVE.xattr."u8];
        foreach (byte value in xattr.Name)
        {
            if (value is (byte)'=' or (byte)'%' or < 0x21 or > 0x7e)
            {
                key.AddRange(Encoding.ASCII.GetBytes($"%{value:X2}"));
            }
            else
            {
                key.Add(value);
            }
        }

        byte[] text = new byte[Base64.GetMaxEncodedToUtf8Length(xattr.Value.Length)];
        Base64.EncodeToUtf8(xattr.Value, text, out _, out int written);
        return ([.. key], text.AsSpan(0, written).TrimEnd((byte)'=').ToArray());
    }

    /// <summary>The length counts itself, so it may need a digit more than it seems.</summary>
    private static void Write(MemoryStream all, byte[] key, byte[] value)
    {
        int rest = key.Length + value.Length + " =\n".Length;
        int length = rest + Digits(rest + Digits(rest));
        all.Write(Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)));
        all.WriteByte((byte)' ');
        all.Write(key);
        all.WriteByte((byte)'=');
        all.Write(value);
        all.WriteByte((byte)'\n');
    }

    private static int Digits(int value) => value.ToString(CultureInfo.InvariantCulture).Length;
}
