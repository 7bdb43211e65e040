using System.Buffers.Binary;
using System.Text;

namespace Gantry.Storage.Tests.Bolt;

/// <summary>Writes a bbolt database whole: pages, branches, overflow, buckets within values and buckets of their own.</summary>
internal sealed class BoltWriter
{
    private const int HeaderLength = 16;
    private const int ElementLength = 16;
    private const ushort BranchFlag = 1;
    private const ushort LeafFlag = 2;
    private const ushort MetaFlag = 4;
    private const ushort FreelistFlag = 16;

    private readonly int _pageSize;
    private readonly List<byte[]> _runs = [];
    private ulong _next = 3;

    private BoltWriter(int pageSize) => _pageSize = pageSize;

    public static void Write(string path, BoltTree root, long transaction = 7, int pageSize = 4096)
    {
        BoltWriter writer = new(pageSize);
        ulong rootPage = writer.WriteBucket(root);
        using FileStream file = File.Create(path);
        file.Write(writer.Meta(0, rootPage, transaction - 1));
        file.Write(writer.Meta(1, rootPage, transaction));
        file.Write(writer.Page(2, FreelistFlag, 0, pageSize));
        foreach (byte[] run in writer._runs)
        {
            file.Write(run);
        }
    }

    public static ulong Checksum(ReadOnlySpan<byte> data)
    {
        ulong hash = 14695981039346656037;
        foreach (byte value in data)
        {
            hash = (hash ^ value) * 1099511628211;
        }

        return hash;
    }

    private byte[] Meta(ulong id, ulong rootPage, long transaction)
    {
        byte[] page = Page(id, MetaFlag, 0, _pageSize);
        Span<byte> meta = page.AsSpan(HeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(meta, 0xED0CDAED);
        BinaryPrimitives.WriteUInt32LittleEndian(meta[4..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(meta[8..], (uint)_pageSize);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[16..], rootPage);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[32..], 2);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[40..], _next);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[48..], (ulong)transaction);
        BinaryPrimitives.WriteUInt64LittleEndian(meta[56..], Checksum(meta[..56]));
        return page;
    }

    private byte[] Page(ulong id, ushort flags, int count, int length)
    {
        int pages = Math.Max(1, (length + _pageSize - 1) / _pageSize);
        byte[] page = new byte[pages * _pageSize];
        BinaryPrimitives.WriteUInt64LittleEndian(page, id);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(8), flags);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(10), (ushort)count);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(12), (uint)(pages - 1));
        return page;
    }

    private ulong Add(ushort flags, int count, byte[] body)
    {
        ulong id = _next;
        byte[] run = Page(id, flags, count, HeaderLength + body.Length);
        body.CopyTo(run, HeaderLength);
        _runs.Add(run);
        _next += (ulong)(run.Length / _pageSize);
        return id;
    }

    private ulong WriteBucket(BoltTree tree)
    {
        List<(byte[] Key, byte[] Value, bool IsBucket)> items = [.. tree.Select(pair => MakeItem(pair.Key, pair.Value))];
        List<(byte[] Key, ulong Page)> level = [];
        foreach (List<(byte[] Key, byte[] Value, bool IsBucket)> leaf in Split(items))
        {
            level.Add((leaf.Count > 0 ? leaf[0].Key : [], Add(LeafFlag, leaf.Count, LeafBody(leaf))));
        }

        while (level.Count > 1)
        {
            level = [.. level.Chunk(8).Select(part => (part[0].Key, Add(BranchFlag, part.Length, BranchBody(part))))];
        }

        return level[0].Page;
    }

    private (byte[] Key, byte[] Value, bool IsBucket) MakeItem(string key, object value)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        if (value is byte[] bytes)
        {
            return (name, bytes, false);
        }

        BoltTree tree = (BoltTree)value;
        byte[] header = new byte[16];
        List<(byte[] Key, byte[] Value, bool IsBucket)> inner = [];
        if (tree.Values.All(inside => inside is byte[]))
        {
            inner = [.. tree.Select(pair => (Encoding.UTF8.GetBytes(pair.Key), (byte[])pair.Value, false))];
            byte[] body = LeafBody(inner);
            if (body.Length < _pageSize / 4)
            {
                byte[] page = new byte[HeaderLength];
                BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(8), LeafFlag);
                BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(10), (ushort)inner.Count);
                return (name, [.. header, .. page, .. body], true);
            }
        }

        BinaryPrimitives.WriteUInt64LittleEndian(header, WriteBucket(tree));
        return (name, header, true);
    }

    private IEnumerable<List<(byte[] Key, byte[] Value, bool IsBucket)>> Split(
        List<(byte[] Key, byte[] Value, bool IsBucket)> items)
    {
        List<(byte[] Key, byte[] Value, bool IsBucket)> leaf = [];
        int length = HeaderLength;
        foreach ((byte[] Key, byte[] Value, bool IsBucket) item in items)
        {
            int more = ElementLength + item.Key.Length + item.Value.Length;
            if (leaf.Count > 0 && length + more > _pageSize)
            {
                yield return leaf;
                leaf = [];
                length = HeaderLength;
            }

            leaf.Add(item);
            length += more;
        }

        yield return leaf;
    }

    private static byte[] LeafBody(List<(byte[] Key, byte[] Value, bool IsBucket)> items)
    {
        using MemoryStream data = new();
        byte[] elements = new byte[items.Count * ElementLength];
        for (int i = 0; i < items.Count; i++)
        {
            Span<byte> element = elements.AsSpan(i * ElementLength);
            BinaryPrimitives.WriteUInt32LittleEndian(element, items[i].IsBucket ? 1u : 0);
            BinaryPrimitives.WriteUInt32LittleEndian(element[4..], (uint)(elements.Length - (i * ElementLength) + data.Length));
            BinaryPrimitives.WriteUInt32LittleEndian(element[8..], (uint)items[i].Key.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(element[12..], (uint)items[i].Value.Length);
            data.Write(items[i].Key);
            data.Write(items[i].Value);
        }

        return [.. elements, .. data.ToArray()];
    }

    private static byte[] BranchBody((byte[] Key, ulong Page)[] children)
    {
        using MemoryStream data = new();
        byte[] elements = new byte[children.Length * ElementLength];
        for (int i = 0; i < children.Length; i++)
        {
            Span<byte> element = elements.AsSpan(i * ElementLength);
            BinaryPrimitives.WriteUInt32LittleEndian(element, (uint)(elements.Length - (i * ElementLength) + data.Length));
            BinaryPrimitives.WriteUInt32LittleEndian(element[4..], (uint)children[i].Key.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(element[8..], children[i].Page);
            data.Write(children[i].Key);
        }

        return [.. elements, .. data.ToArray()];
    }
}
