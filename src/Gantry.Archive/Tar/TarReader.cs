using Gantry.Archive.Streams;
using Gantry.Core.Errors;
using Gantry.Linux.Syscalls;

namespace Gantry.Archive.Tar;

/// <summary>
/// Reads an archive from front to back: v7, ustar, star, GNU and PAX headers, long names, numbers in base 256, sparse
/// files of GNU's four formats. Names and attributes are bytes. It reads what Go's archive/tar reads, to the same
/// result, since that is what layers are written for.
/// </summary>
/// <remarks>Malformed input ends in a GantryException of kind InvalidArgument, whatever the bytes are.</remarks>
public sealed partial class TarReader
{
    private const uint MaxDeviceMajor = 0xfff;
    private const uint MaxDeviceMinor = 0xfffff;

    private readonly ChunkSource _source;
    private readonly TarLimits _limits;
    private readonly byte[] _straddling = new byte[TarHeader.BlockSize];
    private ReadOnlyMemory<byte> _chunk;
    private ReadOnlyMemory<byte> _block;
    private long _remaining;
    private long _padding;
    private long _headers;
    private long _offset;
    private bool _ended;

    /// <summary>Reads an archive from a stream, which the caller disposes.</summary>
    /// <param name="stream">The archive, uncompressed.</param>
    /// <param name="limits">What it may ask for.</param>
    public TarReader(Stream stream, TarLimits limits)
        : this(new StreamChunks(stream), limits)
    {
    }

    internal TarReader(ChunkSource source, TarLimits limits)
    {
        _source = source;
        _limits = limits;
    }

    /// <summary>Goes to the next entry, over data that was not read.</summary>
    /// <param name="cancellationToken">Ends the attempt; the reader can't be used afterwards.</param>
    /// <returns>Null at the end of the archive.</returns>
    /// <exception cref="GantryException">InvalidArgument: the archive is malformed or ends too early.</exception>
    public async ValueTask<TarEntry?> ReadEntryAsync(CancellationToken cancellationToken)
    {
        PaxRecords? pax = null;
        byte[]? longName = null;
        byte[]? longLink = null;
        while (true)
        {
            await SkipAsync(_remaining + _padding, cancellationToken);
            _remaining = 0;
            _padding = 0;
            if (_ended || !await ReadHeaderAsync(cancellationToken))
            {
                _ended = true;
                return pax is null && longName is null && longLink is null ? null : throw UnexpectedEnd();
            }

            switch (_block.Span[156])
            {
                case (byte)'x':
                    pax = PaxRecords.Parse(await ReadExtensionAsync(cancellationToken), _limits);
                    break;
                case (byte)'g':
                    PaxRecords.Parse(await ReadExtensionAsync(cancellationToken), _limits);
                    return new TarEntry { Type = TarEntryType.GlobalHeader, Name = "pax_global_header"u8.ToArray() };
                case (byte)'L':
                    longName = UpToNul(await ReadExtensionAsync(cancellationToken));
                    break;
                case (byte)'K':
                    longLink = UpToNul(await ReadExtensionAsync(cancellationToken));
                    break;
                default:
                    return await FinishAsync(pax, longName, longLink, cancellationToken);
            }
        }
    }

    /// <summary>The next piece of the current entry's data.</summary>
    /// <param name="cancellationToken">Ends the attempt; the reader can't be used afterwards.</param>
    /// <returns>A piece without bytes when there are no more.</returns>
    /// <exception cref="GantryException">InvalidArgument: the archive ends too early.</exception>
    public async ValueTask<TarPiece> ReadDataAsync(CancellationToken cancellationToken)
    {
        long wanted = NextExtent();
        if (wanted == 0)
        {
            return new TarPiece(_offset, default);
        }

        if (_chunk.IsEmpty && !await FillAsync(cancellationToken))
        {
            throw UnexpectedEnd();
        }

        int length = (int)Math.Min(wanted, _chunk.Length);
        TarPiece piece = new(_offset, _chunk[..length]);
        _chunk = _chunk[length..];
        _remaining -= length;
        _offset += length;
        _extentLeft -= _extents is null ? 0 : length;
        return piece;
    }

    internal static GantryException UnexpectedEnd() => new(ErrorKind.InvalidArgument, "tar: unexpected EOF");

    private static byte[] UpToNul(byte[] data)
    {
        int end = data.AsSpan().IndexOf((byte)0);
        return end < 0 ? data : data[..end];
    }

    private static GantryException Invalid(string what) =>
        new(ErrorKind.InvalidArgument, $"invalid tar header: {what}");

    private static uint Id(long value, string what) =>
        value is >= 0 and < uint.MaxValue ? (uint)value : throw Invalid($"{what} {value} is out of range");

    private static uint Device(long value, uint max) =>
        value >= 0 && value <= max ? (uint)value : throw Invalid($"device number {value} is out of range");

    /// <summary>Data of these types is not there, whatever their header says of its size.</summary>
    private static bool HasData(TarEntryType type) => type == TarEntryType.Regular;

    private static byte[] Join(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name)
    {
        if (prefix.IsEmpty)
        {
            return name.ToArray();
        }

        byte[] joined = new byte[prefix.Length + 1 + name.Length];
        prefix.CopyTo(joined);
        joined[prefix.Length] = (byte)'/';
        name.CopyTo(joined.AsSpan(prefix.Length + 1));
        return joined;
    }

    private async ValueTask<TarEntry> FinishAsync(
        PaxRecords? pax,
        byte[]? longName,
        byte[]? longLink,
        CancellationToken cancellationToken)
    {
        TarEntry entry = ReadFields(out long size, out byte flag);
        if (pax is not null)
        {
            Merge(entry, pax, ref size);
        }

        entry.Name = longName is { Length: > 0 } ? longName : entry.Name;
        entry.LinkName = longLink is { Length: > 0 } ? longLink : entry.LinkName;
        if (flag == 0 && entry.Name.AsSpan().EndsWith("/"u8))
        {
            entry = AsDirectory(entry);
        }

        if (size < 0)
        {
            throw Invalid("negative size");
        }

        entry.Size = HasData(entry.Type) ? size : 0;
        _remaining = entry.Size;
        _padding = -_remaining & (TarHeader.BlockSize - 1);
        _offset = 0;
        _extents = null;
        if (flag == (byte)'S')
        {
            await ReadGnuSparseAsync(entry, cancellationToken);
        }
        else if (pax is not null && entry.Type == TarEntryType.Regular)
        {
            await ReadPaxSparseAsync(entry, pax, cancellationToken);
        }

        CheckLengths(entry);
        return entry;
    }

    private void CheckLengths(TarEntry entry)
    {
        if (entry.Name.Length > _limits.MaxPathLength || entry.LinkName.Length > _limits.MaxPathLength)
        {
            throw Invalid($"a path has {Math.Max(entry.Name.Length, entry.LinkName.Length)} bytes");
        }
    }

    private TarEntry ReadFields(out long size, out byte flag)
    {
        TarHeader header = new(_block.Span);
        flag = header.TypeFlag;
        TarEntryType type = flag switch
        {
            0 or (byte)'0' or (byte)'7' or (byte)'S' => TarEntryType.Regular,
            >= (byte)'1' and <= (byte)'6' => (TarEntryType)flag,
            _ => throw new GantryException(ErrorKind.InvalidArgument, $"unhandled tar header type {flag}"),
        };
        size = header.Size;
        bool isDevice = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        return new TarEntry
        {
            Type = type,
            Name = Join(header.Prefix, header.Name),
            LinkName = header.LinkName.ToArray(),
            Mode = (uint)(header.Mode & InodeMode.PermissionMask),
            Uid = Id(header.Uid, "uid"),
            Gid = Id(header.Gid, "gid"),
            DeviceMajor = isDevice ? Device(header.DeviceMajor, MaxDeviceMajor) : 0,
            DeviceMinor = isDevice ? Device(header.DeviceMinor, MaxDeviceMinor) : 0,
            Modified = new Timespec(header.Modified, 0),
            Accessed = header.Accessed,
        };
    }

    private static TarEntry AsDirectory(TarEntry entry) => new()
    {
        Type = TarEntryType.Directory,
        Name = entry.Name,
        LinkName = entry.LinkName,
        Mode = entry.Mode,
        Uid = entry.Uid,
        Gid = entry.Gid,
        Modified = entry.Modified,
        Accessed = entry.Accessed,
        Xattrs = entry.Xattrs,
    };

    private static void Merge(TarEntry entry, PaxRecords pax, ref long size)
    {
        entry.Name = pax.Find("path") ?? entry.Name;
        entry.LinkName = pax.Find("linkpath") ?? entry.LinkName;
        entry.Uid = Number(pax, "uid") is { } uid ? Id(uid, "uid") : entry.Uid;
        entry.Gid = Number(pax, "gid") is { } gid ? Id(gid, "gid") : entry.Gid;
        size = Number(pax, "size") ?? size;
        entry.Modified = Time(pax, "mtime") ?? entry.Modified;
        entry.Accessed = Time(pax, "atime") ?? entry.Accessed;
        entry.Xattrs = pax.Xattrs;
    }

    private static long? Number(PaxRecords pax, string key)
    {
        if (pax.Find(key) is not { } text)
        {
            return null;
        }

        return TarHeader.TryDecimal(text, out long value) ? value : throw PaxRecords.Invalid($"{key} is no number");
    }

    private static Timespec? Time(PaxRecords pax, string key)
    {
        if (pax.Find(key) is not { } text)
        {
            return null;
        }

        return PaxRecords.TryTime(text, out Timespec time) ? time : throw PaxRecords.Invalid($"{key} is no time");
    }

    /// <summary>
    /// Reads a header into <see cref="_block"/>. An archive ends with two blocks of zeros, or where its bytes end.
    /// </summary>
    private async ValueTask<bool> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        if (!await ReadBlockAsync(cancellationToken))
        {
            return false;
        }

        if (!_block.Span.ContainsAnyExcept((byte)0))
        {
            if (await ReadBlockAsync(cancellationToken) && _block.Span.ContainsAnyExcept((byte)0))
            {
                throw Invalid("a block of zeros stands alone");
            }

            return false;
        }

        if (++_headers > _limits.MaxHeaders)
        {
            throw new GantryException(ErrorKind.InvalidArgument, $"tar: more than {_limits.MaxHeaders} headers");
        }

        return new TarHeader(_block.Span).HasValidChecksum ? true : throw Invalid("wrong checksum");
    }

    /// <summary>Reads the body of an extended header.</summary>
    private async ValueTask<byte[]> ReadExtensionAsync(CancellationToken cancellationToken)
    {
        long size = new TarHeader(_block.Span).Size;
        if (size < 0 || size > _limits.MaxExtendedHeaderSize)
        {
            throw Invalid($"an extended header has {size} bytes");
        }

        byte[] body = new byte[(int)size];
        await ReadExactlyAsync(body, cancellationToken);
        await SkipAsync(-size & (TarHeader.BlockSize - 1), cancellationToken);
        return body;
    }

    /// <summary>Reads a block into <see cref="_block"/>; false when there is not one byte more.</summary>
    private async ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken)
    {
        if (_chunk.IsEmpty && !await FillAsync(cancellationToken))
        {
            return false;
        }

        if (_chunk.Length >= TarHeader.BlockSize)
        {
            _block = _chunk[..TarHeader.BlockSize];
            _chunk = _chunk[TarHeader.BlockSize..];
            return true;
        }

        await ReadExactlyAsync(_straddling, cancellationToken);
        _block = _straddling;
        return true;
    }

    private async ValueTask ReadExactlyAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        while (!into.IsEmpty)
        {
            if (_chunk.IsEmpty && !await FillAsync(cancellationToken))
            {
                throw UnexpectedEnd();
            }

            int length = Math.Min(into.Length, _chunk.Length);
            _chunk[..length].CopyTo(into);
            _chunk = _chunk[length..];
            into = into[length..];
        }
    }

    private async ValueTask SkipAsync(long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            if (_chunk.IsEmpty && !await FillAsync(cancellationToken))
            {
                throw UnexpectedEnd();
            }

            int length = (int)Math.Min(count, _chunk.Length);
            _chunk = _chunk[length..];
            count -= length;
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        _chunk = await _source.NextAsync(cancellationToken);
        return !_chunk.IsEmpty;
    }
}
