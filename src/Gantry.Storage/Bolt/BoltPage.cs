using System.Buffers.Binary;
using Gantry.Core.Errors;

namespace Gantry.Storage.Bolt;

/// <summary>
/// A page with the pages that continue it, or the page within an inline bucket: a header, then elements of 16 bytes, then
/// the keys and values that the elements point at. Whatever it points at is held against its end.
/// </summary>
internal readonly struct BoltPage
{
    /// <summary>The length of the header: id (8), flags (2), count (2), overflow (4).</summary>
    public const int HeaderLength = 16;

    private const ushort BranchFlag = 0x01;
    private const ushort LeafFlag = 0x02;
    private const int ElementLength = 16;
    private const int MaxKeyLength = 32768;
    private const uint BucketFlag = 0x01;

    private readonly ReadOnlyMemory<byte> _data;
    private readonly string _where;

    /// <summary>Checks the header of a page.</summary>
    /// <param name="data">The page.</param>
    /// <param name="where">What to call it in errors.</param>
    /// <exception cref="GantryException">DataLoss.</exception>
    public BoltPage(ReadOnlyMemory<byte> data, string where)
    {
        _data = data;
        _where = where;
        if (data.Length < HeaderLength)
        {
            throw Corrupt($"{data.Length} bytes are no page");
        }

        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(data.Span[8..]);
        IsLeaf = flags == LeafFlag;
        if (!IsLeaf && flags != BranchFlag)
        {
            throw Corrupt($"flags 0x{flags:x} are neither those of a branch nor of a leaf");
        }

        Count = BinaryPrimitives.ReadUInt16LittleEndian(data.Span[10..]);
        if (HeaderLength + ((long)Count * ElementLength) > data.Length)
        {
            throw Corrupt($"{Count} elements do not fit into it");
        }
    }

    /// <summary>Whether its elements are keys with values; else they are the pages below.</summary>
    public bool IsLeaf { get; }

    /// <summary>The number of elements.</summary>
    public int Count { get; }

    /// <summary>The page that an element of a branch leads to.</summary>
    public ulong Child(int index) => BinaryPrimitives.ReadUInt64LittleEndian(Element(index)[8..]);

    /// <summary>An element of a leaf.</summary>
    public (ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, bool IsBucket) Item(int index)
    {
        ReadOnlySpan<byte> element = Element(index);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(element);
        uint position = BinaryPrimitives.ReadUInt32LittleEndian(element[4..]);
        uint keyLength = BinaryPrimitives.ReadUInt32LittleEndian(element[8..]);
        uint valueLength = BinaryPrimitives.ReadUInt32LittleEndian(element[12..]);
        long start = HeaderLength + ((long)index * ElementLength) + position;
        if (flags > BucketFlag || keyLength is 0 or > MaxKeyLength || start + keyLength + valueLength > _data.Length)
        {
            throw Corrupt($"element {index} is damaged");
        }

        ReadOnlyMemory<byte> rest = _data[(int)start..];
        return (rest[..(int)keyLength], rest.Slice((int)keyLength, (int)valueLength), flags == BucketFlag);
    }

    private ReadOnlySpan<byte> Element(int index) =>
        _data.Span.Slice(HeaderLength + (index * ElementLength), ElementLength);

    private GantryException Corrupt(string detail) => new(ErrorKind.DataLoss, $"{_where}: {detail}");
}
