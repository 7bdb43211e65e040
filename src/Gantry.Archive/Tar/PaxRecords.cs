using System.Buffers.Text;
using System.Text;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;

namespace Gantry.Archive.Tar;

/// <summary>
/// The records of an extended header (POSIX pax, "Extended Header"): each is <c>LENGTH KEY=VALUE\n</c>, where LENGTH is
/// decimal and counts the whole record. Values are bytes: an attribute's may hold anything, NULs and newlines too.
/// </summary>
internal sealed class PaxRecords
{
    private const int MaxLengthDigits = 10;

    private readonly TarLimits _limits;
    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);
    private readonly List<TarXattr> _xattrs = [];
    private readonly List<TarXattr> _libarchiveXattrs = [];

    private PaxRecords(TarLimits limits) => _limits = limits;

    /// <summary>Extended attributes: <c>SCHILY.xattr</c>, and <c>LIBARCHIVE.xattr</c> where there is no other.</summary>
    internal IReadOnlyList<TarXattr> Xattrs
    {
        get
        {
            List<TarXattr> all = [.. _xattrs];
            all.AddRange(_libarchiveXattrs.Where(other => IndexOf(_xattrs, other.Name) < 0));
            return all;
        }
    }

    /// <summary>The map of a sparse file in format 0.0, which repeats its keys.</summary>
    internal List<long> SparseNumbers { get; } = [];

    /// <summary>A value; null when there is none, or an empty one, which takes a record back.</summary>
    internal byte[]? Find(string key) => _values.TryGetValue(key, out byte[]? value) ? value : null;

    internal static PaxRecords Parse(ReadOnlySpan<byte> data, TarLimits limits)
    {
        PaxRecords records = new(limits);
        while (!data.IsEmpty)
        {
            int space = data[..Math.Min(data.Length, MaxLengthDigits + 1)].IndexOf((byte)' ');
            if (space <= 0
                || !TarHeader.TryDecimal(data[..space], out long length)
                || length <= space + 2
                || length > data.Length
                || data[(int)length - 1] != (byte)'\n')
            {
                throw Invalid("a record has no valid length");
            }

            ReadOnlySpan<byte> record = data[(space + 1)..((int)length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                throw Invalid("a record has no key");
            }

            records.Add(record[..equals], record[(equals + 1)..]);
            data = data[(int)length..];
        }

        return records;
    }

    /// <summary>A time: seconds, which may be negative and have a fraction of any length.</summary>
    internal static bool TryTime(ReadOnlySpan<byte> text, out Timespec time)
    {
        time = default;
        int point = text.IndexOf((byte)'.');
        ReadOnlySpan<byte> whole = point < 0 ? text : text[..point];
        if (!TarHeader.TryDecimal(whole, out long seconds))
        {
            return false;
        }

        long nanoseconds = 0;
        ReadOnlySpan<byte> fraction = point < 0 ? [] : text[(point + 1)..];
        for (int i = 0; i < fraction.Length; i++)
        {
            if (fraction[i] is < (byte)'0' or > (byte)'9')
            {
                return false;
            }
        }

        for (int i = 0; i < 9; i++)
        {
            nanoseconds = (nanoseconds * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
        }

        if (whole[0] == (byte)'-' && nanoseconds > 0)
        {
            if (seconds == long.MinValue)
            {
                return false;
            }

            seconds--;
            nanoseconds = 1_000_000_000 - nanoseconds;
        }

        time = new Timespec(seconds, nanoseconds);
        return true;
    }

    internal static GantryException Invalid(string what) =>
        new(ErrorKind.InvalidArgument, $"invalid tar header: pax: {what}");

    private static int IndexOf(List<TarXattr> xattrs, byte[] name) =>
        xattrs.FindIndex(xattr => xattr.Name.AsSpan().SequenceEqual(name));

    private static byte[] Unescape(ReadOnlySpan<byte> name)
    {
        byte[] result = new byte[name.Length];
        int length = 0;
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] == (byte)'%' && i + 2 < name.Length
                && Utf8Parser.TryParse(name.Slice(i + 1, 2), out byte value, out int used, 'x') && used == 2)
            {
                result[length++] = value;
                i += 2;
            }
            else
            {
                result[length++] = name[i];
            }
        }

        return result[..length];
    }

    private void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.Contains((byte)0))
        {
            throw Invalid("a key has a NUL in it");
        }

        ReadOnlySpan<byte> schily = "SCHILY.xattr."u8;
        ReadOnlySpan<byte> libarchive = "LIBARCHIVE.xattr."u8;
        if (key.StartsWith(schily))
        {
            AddXattr(_xattrs, key[schily.Length..].ToArray(), value.ToArray());
        }
        else if (key.StartsWith(libarchive))
        {
            AddXattr(_libarchiveXattrs, Unescape(key[libarchive.Length..]), Decode(value));
        }
        else if (key.SequenceEqual("GNU.sparse.offset"u8) || key.SequenceEqual("GNU.sparse.numbytes"u8))
        {
            AddSparseNumber(key.EndsWith("offset"u8), value);
        }
        else
        {
            AddValue(Encoding.Latin1.GetString(key), value);
        }
    }

    private void AddValue(string key, ReadOnlySpan<byte> value)
    {
        // Only keys that mean something are kept: what a hostile header invents takes no memory.
        if (key is not ("path" or "linkpath" or "uid" or "gid" or "size" or "mtime" or "atime")
            && !key.StartsWith("GNU.sparse.", StringComparison.Ordinal))
        {
            return;
        }

        if (value.Contains((byte)0))
        {
            throw Invalid($"the value of {key} has a NUL in it");
        }

        if (value.IsEmpty)
        {
            _values.Remove(key);
        }
        else
        {
            _values[key] = value.ToArray();
        }
    }

    private void AddSparseNumber(bool isOffset, ReadOnlySpan<byte> value)
    {
        if (isOffset != (SparseNumbers.Count % 2 == 0)
            || !TarHeader.TryDecimal(value, out long number)
            || SparseNumbers.Count >= 2 * _limits.MaxSparseExtents)
        {
            throw Invalid("the map of a sparse file is malformed");
        }

        SparseNumbers.Add(number);
    }

    private void AddXattr(List<TarXattr> xattrs, byte[] name, byte[] value)
    {
        if (name.Length == 0 || name.Length > _limits.MaxXattrNameLength)
        {
            throw Invalid($"the name of an extended attribute has {name.Length} bytes");
        }

        if (value.Length > _limits.MaxXattrValueLength)
        {
            throw Invalid($"the value of an extended attribute has {value.Length} bytes");
        }

        int index = IndexOf(xattrs, name);
        if (index >= 0)
        {
            xattrs[index] = new TarXattr(name, value);
            return;
        }

        if (xattrs.Count >= _limits.MaxXattrs)
        {
            throw Invalid($"more than {_limits.MaxXattrs} extended attributes");
        }

        xattrs.Add(new TarXattr(name, value));
    }

    /// <summary>Base64 with or without padding: libarchive writes none.</summary>
    private byte[] Decode(ReadOnlySpan<byte> value)
    {
        value = value.TrimEnd((byte)'=');
        if (value.Length > ((_limits.MaxXattrValueLength + 2) / 3 * 4))
        {
            throw Invalid($"the value of an extended attribute has more than {_limits.MaxXattrValueLength} bytes");
        }

        byte[] padded = new byte[(value.Length + 3) / 4 * 4];
        value.CopyTo(padded);
        padded.AsSpan(value.Length).Fill((byte)'=');
        byte[] result = new byte[padded.Length / 4 * 3];
        return Base64.DecodeFromUtf8(padded, result, out _, out int written) == System.Buffers.OperationStatus.Done
            ? result[..written]
            : throw Invalid("the value of an extended attribute is no base64");
    }
}
