using System.Globalization;
using Gantry.Core.Errors;

namespace Gantry.Archive.Tar;

/// <content>
/// Sparse files, see "Storing Sparse Files" in GNU tar's manual. The archive holds only the extents, one after the
/// other; the map says where they go. Old GNU: in the header and in blocks after it. PAX 0.0 and 0.1: in records.
/// PAX 1.0: in decimal lines before the data, padded to a block.
/// </content>
public sealed partial class TarReader
{
    private const int MaxNumberLength = 20;

    private SparseExtent[]? _extents;
    private int _extent;
    private long _extentLeft;

    private static GantryException InvalidSparse() =>
        new(ErrorKind.InvalidArgument, "invalid tar header: the map of a sparse file is malformed");

    /// <summary>Bytes that may be read before the next hole, after going to the next extent if need be.</summary>
    private long NextExtent()
    {
        if (_extents is null)
        {
            return _remaining;
        }

        while (_extentLeft == 0 && _extent < _extents.Length)
        {
            _offset = _extents[_extent].Offset;
            _extentLeft = _extents[_extent].Length;
            _extent++;
        }

        return _extentLeft;
    }

    private async ValueTask ReadGnuSparseAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        List<SparseExtent> extents = [];
        entry.Size = new TarHeader(_block.Span).RealSize;
        bool more = AddGnuExtents(new TarHeader(_block.Span).SparseMap, extents)
            && new TarHeader(_block.Span).SparseMapGoesOn;
        while (more)
        {
            // A block of 21 extents, then a flag.
            if (!await ReadBlockAsync(cancellationToken))
            {
                throw UnexpectedEnd();
            }

            more = AddGnuExtents(_block.Span[..(21 * TarHeader.SparseFieldSize)], extents)
                && _block.Span[21 * TarHeader.SparseFieldSize] != 0;
        }

        UseExtents(entry, extents);
    }

    /// <summary>Adds extents of one block; false when an empty one ends the map.</summary>
    private bool AddGnuExtents(ReadOnlySpan<byte> map, List<SparseExtent> extents)
    {
        for (; !map.IsEmpty; map = map[TarHeader.SparseFieldSize..])
        {
            if (map[0] == 0)
            {
                return false;
            }

            if (!TarHeader.TryNumber(map[..12], out long offset)
                || !TarHeader.TryNumber(map[12..24], out long length)
                || extents.Count >= _limits.MaxSparseExtents)
            {
                throw InvalidSparse();
            }

            extents.Add(new SparseExtent(offset, length));
        }

        return true;
    }

    private async ValueTask ReadPaxSparseAsync(
        TarEntry entry,
        PaxRecords pax,
        CancellationToken cancellationToken)
    {
        string version = Latin1(pax.Find("GNU.sparse.major")) + "." + Latin1(pax.Find("GNU.sparse.minor"));
        bool hasMap = pax.Find("GNU.sparse.map") is not null || pax.SparseNumbers.Count > 0;
        if (version == "." && !hasMap)
        {
            return;
        }

        if (version is not ("." or "0.0" or "0.1" or "1.0"))
        {
            throw new GantryException(ErrorKind.NotImplemented, $"tar: sparse file of format {version}");
        }

        entry.Name = pax.Find("GNU.sparse.name") ?? entry.Name;
        entry.Size = Number(pax, "GNU.sparse.size") ?? Number(pax, "GNU.sparse.realsize") ?? entry.Size;
        UseExtents(
            entry,
            version == "1.0" ? await ReadMapBlocksAsync(cancellationToken) : ReadMapRecords(pax));
    }

    private List<SparseExtent> ReadMapRecords(PaxRecords pax)
    {
        List<long> numbers = pax.SparseNumbers;
        if (pax.Find("GNU.sparse.map") is { } map)
        {
            numbers = [];
            foreach (string number in Latin1(map).Split(','))
            {
                if (numbers.Count >= 2 * _limits.MaxSparseExtents)
                {
                    throw InvalidSparse();
                }

                numbers.Add(ParseNumber(number));
            }
        }

        if (numbers.Count % 2 != 0)
        {
            throw InvalidSparse();
        }

        List<SparseExtent> extents = [];
        for (int i = 0; i < numbers.Count; i += 2)
        {
            extents.Add(new SparseExtent(numbers[i], numbers[i + 1]));
        }

        return extents;
    }

    /// <summary>Format 1.0: the count, then offset and length of each extent, each number on a line of its own.</summary>
    private async ValueTask<List<SparseExtent>> ReadMapBlocksAsync(CancellationToken cancellationToken)
    {
        List<SparseExtent> extents = [];
        string number = "";
        long count = -1;
        long offset = -1;
        while (true)
        {
            if (_remaining < TarHeader.BlockSize)
            {
                throw InvalidSparse();
            }

            if (!await ReadBlockAsync(cancellationToken))
            {
                throw UnexpectedEnd();
            }

            _remaining -= TarHeader.BlockSize;
            foreach (byte character in _block.ToArray())
            {
                if (character != (byte)'\n')
                {
                    number = number.Length < MaxNumberLength ? number + (char)character : throw InvalidSparse();
                    continue;
                }

                long value = ParseNumber(number);
                number = "";
                if (count < 0)
                {
                    count = value <= _limits.MaxSparseExtents ? value : throw InvalidSparse();
                }
                else if (offset < 0)
                {
                    offset = value;
                }
                else
                {
                    extents.Add(new SparseExtent(offset, value));
                    offset = -1;
                }

                if (extents.Count == count)
                {
                    return extents;
                }
            }
        }
    }

    private void UseExtents(TarEntry entry, List<SparseExtent> extents)
    {
        long end = 0;
        long total = 0;
        foreach (SparseExtent extent in extents)
        {
            if (extent.Offset < end || extent.Length < 0 || extent.Offset > entry.Size - extent.Length)
            {
                throw InvalidSparse();
            }

            end = extent.Offset + extent.Length;
            total += extent.Length;
        }

        if (entry.Size < 0 || total > _remaining)
        {
            throw InvalidSparse();
        }

        entry.IsSparse = true;
        _extents = [.. extents];
        _extent = 0;
        _extentLeft = 0;
    }

    private static string Latin1(byte[]? text) => text is null ? "" : System.Text.Encoding.Latin1.GetString(text);

    private static long ParseNumber(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw InvalidSparse();
}
