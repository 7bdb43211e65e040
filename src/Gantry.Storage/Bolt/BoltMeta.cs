using System.Buffers.Binary;

namespace Gantry.Storage.Bolt;

/// <summary>
/// One of the two pages that say where everything is. They are written in turn, so one of them is whole at any moment;
/// the one with the higher transaction id holds.
/// </summary>
/// <param name="PageSize">The size of a page in bytes.</param>
/// <param name="RootPage">The page of the root bucket.</param>
/// <param name="PageCount">The number of pages in use: every page id is below it.</param>
/// <param name="TransactionId">The transaction that wrote this page.</param>
internal sealed record BoltMeta(int PageSize, ulong RootPage, ulong PageCount, ulong TransactionId)
{
    /// <summary>The bytes from the beginning of the page that <see cref="TryParse"/> looks at.</summary>
    public const int Length = BoltPage.HeaderLength + ChecksumOffset + sizeof(ulong);

    private const uint Magic = 0xED0CDAED;
    private const uint FormatVersion = 2;
    private const int ChecksumOffset = 56;
    private const int MinPageSize = 512;
    private const int MaxPageSize = 64 << 20;

    /// <summary>Reads a meta page.</summary>
    /// <param name="page">The beginning of the page.</param>
    /// <returns>Null when these bytes are no whole meta page.</returns>
    public static BoltMeta? TryParse(ReadOnlySpan<byte> page)
    {
        if (page.Length < Length)
        {
            return null;
        }

        ReadOnlySpan<byte> meta = page[BoltPage.HeaderLength..];
        if (BinaryPrimitives.ReadUInt32LittleEndian(meta) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(meta[4..]) != FormatVersion
            || BinaryPrimitives.ReadUInt64LittleEndian(meta[ChecksumOffset..]) != Checksum(meta[..ChecksumOffset]))
        {
            return null;
        }

        uint pageSize = BinaryPrimitives.ReadUInt32LittleEndian(meta[8..]);
        return pageSize is >= MinPageSize and <= MaxPageSize && (pageSize & (pageSize - 1)) == 0
            ? new BoltMeta(
                (int)pageSize,
                BinaryPrimitives.ReadUInt64LittleEndian(meta[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(meta[40..]),
                BinaryPrimitives.ReadUInt64LittleEndian(meta[48..]))
            : null;
    }

    /// <summary>The checksum of a meta page: FNV-1a of 64 bits.</summary>
    internal static ulong Checksum(ReadOnlySpan<byte> data)
    {
        ulong hash = 14695981039346656037;
        foreach (byte value in data)
        {
            hash = (hash ^ value) * 1099511628211;
        }

        return hash;
    }
}
